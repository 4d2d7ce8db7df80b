/**
 * What can be done here; with files selected, what can be done with them. An action that is not
 * permitted stays in reach and says why.
 *
 * @import { State } from "./state.js"
 * @import { Actions } from "./page.js"
 */
import { html, nothing } from "../vendor/lit-html/lit-html.js";
import { breadcrumbs } from "./breadcrumbs.js";
import { icon, iconButton } from "./elements.js";
import { bytes, counted } from "./format.js";
import { actionsAt } from "./places.js";
import { pickedFiles } from "./drop.js";
import { unfinishedButton } from "./unfinished.js";

/**
 * @typedef {object} Command
 * @property {string} name icon
 * @property {string} label
 * @property {string} testId
 * @property {string} look  its class
 * @property {string} refusal  why it cannot be done; "" when it can
 * @property {() => void} run
 */

const UPLOAD = { name: "upload", label: "Upload", testId: "upload-button", look: "primary" };
const UPLOAD_FOLDER = { name: "folder-upload", label: "Upload folder", testId: "folder-button", look: "secondary" };
const DOWNLOAD = { name: "download", label: "Download", testId: "download", look: "secondary" };
const DELETE = { name: "trash", label: "Delete", testId: "delete", look: "secondary danger" };

/** @param {Command} command @param {Actions} actions */
const button = ({ name, label, testId, look, refusal, run }, { tell }) => html`
  <button type="button" class=${look} data-testid=${testId} aria-disabled=${refusal !== ""} title=${refusal}
    @click=${() => (refusal === "" ? run() : tell(refusal))}>${icon(name)}<span>${label}</span></button>`;

/** @param {string} id */
const choose = (id) => document.getElementById(id)?.click();

/** @param {Event} event @param {Actions} actions */
function picked(event, { transfers }) {
  const input = /** @type {HTMLInputElement} */ (event.target);
  const files = pickedFiles(input.files ?? []);
  input.value = ""; // the same file may be picked again
  transfers.add(files);
}

/** @param {string} what @param {boolean} permitted */
const refusalOf = (what, permitted) => (permitted ? "" : `You are not permitted to ${what} here.`);

/** @param {State} state @param {Actions} actions */
function placeBar(state, actions) {
  if (state.place === null) return nothing;
  const permitted = actionsAt(state.buckets ?? [], state.place).has("write");
  const refusal = refusalOf("upload", permitted);
  return html`
    ${breadcrumbs(state, actions)}
    <div class="commands">
      ${unfinishedButton(state, actions)}
      ${button({ ...UPLOAD_FOLDER, refusal, run: () => choose("folder-input") }, actions)}
      ${button({ ...UPLOAD, refusal, run: () => choose("file-input") }, actions)}
    </div>`;
}

/** @param {State} state @param {Actions} actions */
function selectionBar(state, actions) {
  const { listing, selection, buckets, place } = state;
  const files = listing.shown.filter(({ key }) => selection.keys.has(key));
  const permitted = place ? actionsAt(buckets ?? [], place) : new Set();
  const download = { refusal: refusalOf("download", permitted.has("read")), run: () => actions.objects.download(files) };
  const remove = { refusal: refusalOf("delete", permitted.has("delete")), run: () => actions.objects.askToDelete(files) };
  const partly = listing.cursor === null ? "" : ` · ${counted(listing.shown.length, "item")} loaded so far`;
  const size = files.reduce((sum, file) => sum + file.size, 0);
  return html`
    <p class="selected">
      ${iconButton("close", "Clear the selection", () => actions.list.clear(), { testId: "clear-selection" })}
      <strong>${counted(files.length, "file")}</strong><span class="muted">${bytes(size)}${partly}</span>
    </p>
    <div class="commands">
      ${button({ ...DOWNLOAD, ...download }, actions)}
      ${button({ ...DELETE, ...remove }, actions)}
    </div>`;
}

/** The browser's own choosers, opened by the buttons. @param {Actions} actions */
function choosers(actions) {
  const take = (/** @type {Event} */ event) => picked(event, actions);
  return html`
    <input hidden type="file" multiple id="file-input" data-testid="file-input" @change=${take}>
    <input hidden type="file" webkitdirectory id="folder-input" data-testid="folder-input" @change=${take}>`;
}

/** @param {State} state @param {Actions} actions */
export const toolbar = (state, actions) => html`
  <header class="bar">
    <button type="button" class="icon-button menu" popovertarget="rail" aria-label="Buckets" title="Buckets">${icon("menu")}</button>
    ${state.selection.keys.size > 0 ? selectionBar(state, actions) : placeBar(state, actions)}
    ${choosers(actions)}
  </header>`;
