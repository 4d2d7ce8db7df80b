/**
 * Uploads that wait for their file: begun before a reload, a crash, or on another device.
 *
 * @import { OpenUpload } from "../client/types.d.ts"
 * @import { State } from "./state.js"
 * @import { Actions } from "./page.js"
 */
import { html, nothing } from "../vendor/lit-html/lit-html.js";
import { icon, nameText } from "./elements.js";
import { bytes, counted, relative } from "./format.js";
import { visible } from "./names.js";

const UNFOLDED = 3; // entries; more of them begin as one line

/** @param {Event} event @param {OpenUpload} open @param {Actions} actions */
function chosen(event, open, { transfers }) {
  const input = /** @type {HTMLInputElement} */ (event.target);
  const file = input.files?.[0];
  if (file) transfers.continueWith(open, file);
  input.value = "";
}

/** @param {OpenUpload} open @param {State} state @param {Actions} actions */
function entry(open, { place, now }, actions) {
  const name = open.key.slice(place?.prefix.length);
  return html`
    <li data-testid="unfinished" data-name=${name}>
      ${icon("clock")}
      <div class="what">
        ${nameText(name)}
        <span class="muted">${bytes(open.size)} · begun ${relative(new Date(open.created_at), now)}</span>
      </div>
      <label class="secondary">Choose the file to continue
        <input class="unseen" type="file" aria-label="Choose ${visible(name)} to continue"
          @change=${(/** @type {Event} */ event) => chosen(event, open, actions)}>
      </label>
      <button type="button" class="quiet" aria-label="Discard the upload of ${visible(name)}" data-testid="discard"
        @click=${() => actions.transfers.askToDiscard(open)}>Discard</button>
    </li>`;
}

/** Without those that the tray goes on with. @param {State} state */
function waitingOf({ tray, unfinished: all }) {
  const here = new Set(tray.open);
  return all.filter(({ bucket, key }) => !here.has(`${bucket}/${key}`));
}

/** In the toolbar, where the offer came after the rows. @param {State} state @param {Actions} actions */
export function unfinishedButton(state, { store }) {
  const waiting = waitingOf(state);
  if (waiting.length === 0 || state.offer === "early") return nothing;
  const opened = state.offer === "opened";
  const label = counted(waiting.length, "unfinished upload");
  return html`
    <button type="button" class="secondary" aria-expanded=${opened} data-testid=${opened ? "fold-unfinished" : "unfinished"}
      data-name=${opened ? nothing : nameIn(state, waiting)} @click=${() => store.set({ offer: opened ? "late" : "opened" })}
      aria-label=${label} title=${label}>${icon("clock")}<span>${label}</span></button>`;
}

/** Of the one upload that waits. @param {State} state @param {OpenUpload[]} waiting */
const nameIn = ({ place }, [first, ...others]) => (others.length > 0 ? nothing : first?.key.slice(place?.prefix.length));

/** @param {State} state @param {Actions} actions */
export function unfinished(state, actions) {
  const waiting = waitingOf(state);
  if (waiting.length === 0 || state.offer === "late") return nothing;
  return html`
    <details class="unfinished" ?open=${state.offer === "opened" || waiting.length <= UNFOLDED}>
      <summary>${icon("right")}<h2>${counted(waiting.length, "unfinished upload")}</h2></summary>
      <ul>${waiting.map((open) => entry(open, state, actions))}</ul>
    </details>`;
}
