/**
 * The way from the bucket to the folder. The middle of a long one folds into a menu.
 *
 * @import { State } from "./state.js"
 * @import { Actions } from "./page.js"
 * @import { Crumb, Place } from "./places.js"
 */
import { html, nothing } from "../vendor/lit-html/lit-html.js";
import { icon } from "./elements.js";
import { visible } from "./names.js";
import { crumbs, parentOf, searchFromPlace } from "./places.js";
import { follow } from "./rail.js";

/** Crumbs that always fit; more are folded. */
const SHOWN = 4;

/** @param {Crumb} crumb */
const labelOf = ({ label }) => visible(label) || "(no name)";

/** @param {Crumb} crumb @param {boolean} last @param {string} bucket @param {Actions} actions */
function link(crumb, last, bucket, actions) {
  if (last) return html`<span aria-current="page"><bdi>${labelOf(crumb)}</bdi></span>`;
  if (!crumb.reachable) return html`<span class="muted"><bdi>${labelOf(crumb)}</bdi></span>`;
  const place = { bucket, prefix: crumb.prefix };
  return html`
    <a href=${searchFromPlace(place)} @click=${(/** @type {MouseEvent} */ event) => follow(event, place, actions)}>
      <bdi>${labelOf(crumb)}</bdi></a>`;
}

/** @param {readonly Crumb[]} folded @param {string} bucket @param {Actions} actions */
const foldedItem = (folded, bucket, actions) => html`
  <li>
    <details class="folded">
      <summary aria-label="Folders between" title="Folders between">…</summary>
      <ul>${folded.map((crumb) => html`<li>${link(crumb, false, bucket, actions)}</li>`)}</ul>
    </details>${icon("right")}
  </li>`;

/** In place of all that a narrow screen has no room for. @param {Place | null} parent @param {Actions} actions */
function upLink(parent, actions) {
  if (parent === null) return nothing;
  return html`<a class="icon-button up" href=${searchFromPlace(parent)} aria-label="Folder above" title="Folder above"
    @click=${(/** @type {MouseEvent} */ event) => follow(event, parent, actions)}>${icon("left")}</a>`;
}

/** @param {State} state @param {Actions} actions */
export function breadcrumbs({ buckets, place }, actions) {
  if (place === null) return nothing;
  const all = crumbs(buckets ?? [], place);
  const folded = all.length > SHOWN ? all.slice(1, all.length - SHOWN + 2) : [];
  const item = (/** @type {Crumb} */ crumb) => {
    const last = crumb === all.at(-1);
    return html`<li>${link(crumb, last, place.bucket, actions)}${last ? nothing : icon("right")}</li>`;
  };
  return html`
    ${upLink(parentOf(buckets ?? [], place), actions)}
    <nav class="crumbs" aria-label="Folder" data-testid="breadcrumb">
      <ol>
        ${item(/** @type {Crumb} */ (all[0]))}
        ${folded.length > 0 ? foldedItem(folded, place.bucket, actions) : nothing}
        ${all.slice(1 + folded.length).map(item)}
      </ol>
    </nav>`;
}
