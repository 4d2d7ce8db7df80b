/**
 * Small pieces that every view uses, and the two things lit-html has no word for.
 *
 * @import { ElementPart } from "../vendor/lit-html/directive.js"
 */
import { AsyncDirective } from "../vendor/lit-html/async-directive.js";
import { Directive, directive } from "../vendor/lit-html/directive.js";
import { html, noChange, nothing } from "../vendor/lit-html/lit-html.js";
import { headAndTail, visible } from "./names.js";

/** @param {string} name of a symbol in index.html */
export const icon = (name) =>
  html`<svg class="icon icon-${name}" aria-hidden="true"><use href="#${name}"></use></svg>`;

/** A name that never deceives and, where it is cut, keeps its extension. @param {string} name */
export function nameText(name) {
  const [head, tail] = headAndTail(visible(name));
  return html`<bdi class="name" title=${visible(name)}><span class="head">${head}</span><span>${tail}</span></bdi>`;
}

/**
 * A button with an icon alone; its label is spoken and shown as a hint.
 * @param {string} name @param {string} label @param {() => void} run
 * @param {{testId?: string, tabIndex?: number}} [options]
 */
export const iconButton = (name, label, run, { testId, tabIndex } = {}) => html`
  <button type="button" class="icon-button" aria-label=${label} title=${label} data-testid=${testId ?? nothing}
    tabindex=${tabIndex ?? nothing} @click=${run}>${icon(name)}</button>`;

/** Custom properties for the style sheet: the policy forbids style attributes, not the style object. */
class Properties extends Directive {
  /** @param {Record<string, number>} _values */
  render(_values) {
    return noChange;
  }

  /** @override @param {ElementPart} part @param {[Record<string, number>]} values */
  update(part, [values]) {
    const { style } = /** @type {HTMLElement} */ (part.element);
    for (const [name, value] of Object.entries(values)) style.setProperty(`--${name}`, String(value));
    return noChange;
  }
}
export const properties = directive(Properties);

/** Opens a `<dialog>` once it is in the page, and closes it on its way out: that gives the focus back. */
class Modal extends AsyncDirective {
  /** @type {HTMLDialogElement | null} */
  #dialog = null;

  render() {
    return noChange;
  }

  /** @override @param {ElementPart} part */
  update({ element }) {
    this.#dialog = /** @type {HTMLDialogElement} */ (element);
    queueMicrotask(() => this.#show());
    return noChange;
  }

  /** @override */
  disconnected() {
    this.#dialog?.close();
  }

  #show() {
    if (this.#dialog?.isConnected && !this.#dialog.open) this.#dialog.showModal();
  }
}
export const modal = directive(Modal);

/**
 * A second Escape closes a dialog without asking (Chromium): so it is opened again.
 * @param {Event} event `close`
 */
export function reopen({ target }) {
  const dialog = /** @type {HTMLDialogElement} */ (target);
  if (dialog.isConnected && !dialog.open) dialog.showModal();
}
