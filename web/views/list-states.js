/**
 * A folder without rows: loading, empty, not permitted, not reached. Each says what can be done next.
 *
 * @import { State } from "./state.js"
 * @import { Actions } from "./page.js"
 */
import { html, nothing } from "../vendor/lit-html/lit-html.js";
import { icon } from "./elements.js";
import { actionsAt, parentOf } from "./places.js";

const SKELETON = [62, 38, 51, 44, 70, 33, 57, 47]; // widths of names, in %

/** Shown after 150 ms only (style sheet): a quick answer should not flash. */
export const loadingFolder = () => html`
  <div class="skeleton" aria-busy="true" aria-label="Loading">
    ${SKELETON.map((width) => html`
      <div class="row">
        <svg class="bone" aria-hidden="true" viewBox="0 0 100 1" preserveAspectRatio="none"><rect width=${width} height="1"/></svg>
      </div>`)}
  </div>`;

/**
 * @param {string} name of the icon @param {string} title @param {string} text @param {unknown} [rest]
 */
const state = (name, title, text, rest = nothing) => html`
  <div class="state">${icon(name)}<h2>${title}</h2><p class="muted">${text}</p>${rest}</div>`;

/** @param {State} page */
export function emptyFolder({ buckets, place }) {
  const permitted = place !== null && actionsAt(buckets ?? [], place).has("write");
  if (!permitted) return state("folder", "This folder is empty", "You may look here, but not upload.");
  return state("upload", "Drop files here", "Nothing is in this folder yet. Drop files or whole folders, or use Upload.");
}

/** Nothing has been granted to this person. */
export const noBuckets = () =>
  state("bucket", "No bucket is shared with you", "Ask whoever runs this service for access. It shows up here as soon as you have it.");

/** @param {State} page @param {Actions} actions */
export function failedFolder({ buckets, place, listing: { failure }, online }, actions) {
  const parent = place && parentOf(buckets ?? [], place);
  const up = parent
    ? html`<button type="button" class="secondary" @click=${() => actions.browsing.open(parent)}>Go to the folder above</button>`
    : nothing;
  const again = html`
    <button type="button" class="secondary" data-testid="reload" @click=${() => actions.browsing.reload()}>Try again</button>`;
  const answer = (/** @type {unknown} */ buttons) => html`
    ${reference(failure?.requestId ?? null)}<div class="choices">${buttons}</div>`;
  if (!online) return state("offline", "You are offline", "This folder is shown as soon as you are back.", answer(again));
  if (failure?.code === "page") return state("upload", failure.title, failure.message);
  if (failure?.status === 403) return state("lock", "You may not see this folder", failure.message, answer(up));
  if (failure?.status === 404) return state("bucket", "This folder was not found", failure.message, answer(up));
  return state("alert", failure?.title ?? "", failure?.message ?? "", answer(html`${again}${up}`));
}

/** What to quote when asking for help. @param {string | null} requestId */
export const reference = (requestId) =>
  requestId === null ? nothing : html`<p class="reference">Request <code>${requestId}</code></p>`;
