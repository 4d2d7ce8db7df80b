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

/** @param {State} state @param {Actions} actions */
export function unfinished(state, actions) {
  const here = new Set(state.tray.open);
  const waiting = state.unfinished.filter(({ bucket, key }) => !here.has(`${bucket}/${key}`));
  if (waiting.length === 0) return nothing;
  return html`
    <details class="unfinished" open>
      <summary>${icon("right")}<h2>${counted(waiting.length, "unfinished upload")}</h2></summary>
      <ul>${waiting.map((open) => entry(open, state, actions))}</ul>
    </details>`;
}
