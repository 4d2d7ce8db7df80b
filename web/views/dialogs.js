/**
 * One dialog for every question that must be answered before something is lost.
 *
 * @import { State, Choice } from "./state.js"
 * @import { Actions } from "./page.js"
 */
import { html, nothing } from "../vendor/lit-html/lit-html.js";
import { modal, nameText, reopen } from "./elements.js";
import { counted } from "./format.js";

const NAMED = 5; // names shown; the others are counted

/** @param {Choice} choice @param {boolean} busy */
const choiceButton = ({ label, testId, danger, run }, busy) => html`
  <button type="button" class=${danger ? "primary danger" : "secondary"} data-testid=${testId} ?disabled=${busy}
    @click=${run}>${label}</button>`;

/** @param {readonly string[]} names */
const namesOf = (names) => html`
  <ul class="names">
    ${names.slice(0, NAMED).map((name) => html`<li>${nameText(name)}</li>`)}
    ${names.length > NAMED ? html`<li class="muted">and ${counted(names.length - NAMED, "more", "more")}</li>` : nothing}
  </ul>`;

/** @param {State} state @param {Actions} actions */
export function dialog({ question }, { store }) {
  if (question === null) return nothing;
  const { title, text, names, choices, dismiss, busy } = question;
  const close = () => store.set({ question: null });
  const cancelled = (/** @type {Event} */ event) => {
    event.preventDefault();
    if (!busy) close();
  };
  const closed = (/** @type {Event} */ event) => {
    if (busy) reopen(event);
    else if (/** @type {Element} */ (event.target).isConnected) close();
  };
  return html`
    <dialog class="question" aria-labelledby="question-title" aria-busy=${busy} ${modal()} @cancel=${cancelled}
      @close=${closed}>
      <h2 id="question-title">${title}</h2>
      ${names.length > 0 ? namesOf(names) : nothing}
      <p class="muted">${text}</p>
      <div class="choices">
        <button type="button" class="secondary" data-testid="dismiss" autofocus ?disabled=${busy} @click=${close}>${dismiss}</button>
        ${choices.map((choice) => choiceButton(choice, busy))}
      </div>
    </dialog>`;
}
