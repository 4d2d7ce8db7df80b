/**
 * The list of a folder, in each of its states. Only the rows in view are drawn, at a fixed height.
 * https://www.w3.org/WAI/ARIA/apg/patterns/grid/
 *
 * @import { TemplateResult } from "../vendor/lit-html/lit-html.js"
 * @import { Listing, State } from "./state.js"
 * @import { Actions } from "./page.js"
 * @import { Column, Row } from "./rows.js"
 */
import { html, nothing } from "../vendor/lit-html/lit-html.js";
import { repeat } from "../vendor/lit-html/directives/repeat.js";
import { icon, iconButton, nameText, properties } from "./elements.js";
import { bytes, counted, exact, relative } from "./format.js";
import { emptyFolder, failedFolder, loadingFolder } from "./list-states.js";
import { iconOf, visible } from "./names.js";
import { actionsAt, searchFromPlace } from "./places.js";

/** @param {State} state @param {Actions} actions */
export function list(state, actions) {
  const { listing } = state;
  if (listing.state === "loading") return loadingFolder();
  if (listing.state === "failed") return failedFolder(state, actions);
  return listing.shown.length === 0 && listing.cursor === null ? emptyFolder(state) : grid(state, actions);
}

/** @param {State} state @param {Actions} actions */
function grid(state, actions) {
  const { listing, place } = state;
  const count = listing.shown.length;
  return html`
    <div class="grid" id="list" role="grid" aria-label="Files" data-testid="list" aria-multiselectable="true"
      aria-rowcount=${listing.cursor === null ? count + 1 : -1} aria-colcount="4" data-bucket=${place?.bucket ?? ""}
      @keydown=${(/** @type {KeyboardEvent} */ event) => actions.list.pressed(event)}
      @scroll=${() => actions.list.scrolled()}>
      ${header(state, actions)}
      <div class="rows" role="rowgroup" ${properties({ count })}
        @click=${(/** @type {MouseEvent} */ event) => actions.list.clicked(event)}
        @dblclick=${(/** @type {MouseEvent} */ event) => actions.list.doubleClicked(event)}>
        ${repeat(drawn(state), (index) => listing.shown[index]?.key, (index) => row(state, actions, index))}
      </div>
      ${more(listing, actions)}
    </div>`;
}

/** Indexes to draw: what is in view, and the focused row wherever it is. @param {State} state */
function drawn({ listing, span, focus }) {
  const count = listing.shown.length;
  const first = Math.min(span.first, Math.max(0, count - 1));
  const indexes = Array.from({ length: Math.max(0, Math.min(span.last, count) - first) }, (_, at) => first + at);
  if (focus >= count || indexes.includes(focus)) return indexes;
  return focus < first ? [focus, ...indexes] : [...indexes, focus];
}

/** @type {[Column, string][]} */
const COLUMNS = [["name", "Name"], ["size", "Size"], ["modified", "Modified"]];

/** @param {State} state @param {Actions} actions */
function header({ listing, selection }, actions) {
  const some = selection.keys.size > 0;
  const loaded = listing.cursor === null ? "" : ` (${counted(listing.shown.length, "item")} loaded so far)`;
  const label = some ? "Clear the selection" : `Select all files${loaded}`;
  return html`
    <div class="head" role="rowgroup">
      <div class="row" role="row" aria-rowindex="1">
        ${COLUMNS.map(([column, name]) => html`
          <span class="cell ${column}" role="columnheader" aria-sort=${sortOf(listing, column)}>
            ${column === "name" ? html`
              <button type="button" class="check" aria-label=${label} title=${label} @click=${() => actions.list.toggleAll()}>
                <span class="box ${some ? "some" : ""}"></span></button>` : nothing}
            ${sortButton(listing, column, name, actions)}
          </span>`)}
        <span class="cell action" role="columnheader"><span class="unseen">Actions</span></span>
      </div>
    </div>`;
}

/** @param {Listing} listing @param {Column} column */
function sortOf({ order }, column) {
  if (order?.column !== column) return "none";
  return order.descending ? "descending" : "ascending";
}

/** @param {Listing} listing @param {Column} column @param {string} name @param {Actions} actions */
function sortButton({ cursor, order, shown }, column, name, actions) {
  const refusal = cursor === null ? "" : `Sorting needs the whole list; ${counted(shown.length, "item")} are loaded so far.`;
  return html`
    <button type="button" class="sort" aria-disabled=${refusal !== ""} title=${refusal}
      @click=${() => (refusal === "" ? actions.browsing.sortBy(column) : actions.tell(refusal))}>
      ${name}${order?.column === column ? icon(order.descending ? "down" : "up") : nothing}</button>`;
}

/** @param {State} state @param {Actions} actions @param {number} index @returns {TemplateResult | typeof nothing} */
function row(state, actions, index) {
  const item = state.listing.shown[index];
  if (!item) return nothing;
  const selected = state.selection.keys.has(item.key);
  return html`
    <div class="row ${item.kind}" role="row" aria-rowindex=${index + 2} data-key=${item.key} data-index=${index}
      aria-selected=${item.kind === "file" ? String(selected) : nothing}
      tabindex=${index === state.focus ? 0 : -1} ${properties({ index })}>
      <span class="cell name" role="gridcell">
        <span class="check">${item.kind === "file" ? html`<span class="box ${selected ? "checked" : ""}"></span>` : nothing}</span>
        ${item.kind === "folder" ? folderName(item, state) : html`${icon(iconOf(item.name))}${nameText(item.name)}`}
      </span>
      <span class="cell size" role="gridcell">${item.kind === "file" ? bytes(item.size) : html`<span class="unseen">folder</span>`}</span>
      <span class="cell modified" role="gridcell">${modified(item, state.now)}</span>
      <span class="cell action" role="gridcell">${quickDownload(item, state, actions)}</span>
    </div>`;
}

/** A real link, so that a folder opens in another tab too. @param {Row} item @param {State} state */
function folderName({ key, name }, { place }) {
  const href = searchFromPlace({ bucket: place?.bucket ?? "", prefix: key });
  return html`${icon("folder")}<a class="open" tabindex="-1" href=${href}>${nameText(name)}</a>`;
}

/** @param {Row} item @param {Date} now */
function modified({ modified: date }, now) {
  return date ? html`<time datetime=${date.toISOString()} title=${exact(date)}>${relative(date, now)}</time>` : nothing;
}

/** For the pointer; the keyboard has Enter. @param {Row} item @param {State} state @param {Actions} actions */
function quickDownload(item, { buckets, place }, actions) {
  const permitted = place !== null && actionsAt(buckets ?? [], place).has("read");
  if (item.kind !== "file" || !permitted) return nothing;
  return iconButton("download", `Download ${visible(item.name)}`, () => actions.objects.download([item]), { tabIndex: -1 });
}

/** The end of the list, while there is more. @param {Listing} listing @param {Actions} actions */
function more({ cursor, more: state, shown, failure }, actions) {
  if (cursor === null) return nothing;
  if (state !== "failed") return html`<p class="more">${counted(shown.length, "item")} so far · loading more…</p>`;
  return html`
    <p class="more failed">${icon("alert")}${failure?.title}. ${failure?.message}
      <button type="button" class="secondary" @click=${() => actions.browsing.loadMore()}>Try again</button></p>`;
}
