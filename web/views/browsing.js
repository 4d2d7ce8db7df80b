/**
 * Moving through folders: one listing at a time, page by page.
 *
 * @import { BrokerApi } from "../client/types.d.ts"
 * @import { Listing, Store } from "./state.js"
 * @import { Place } from "./places.js"
 * @import { Column, Row } from "./rows.js"
 * @typedef {object} Parts
 * @property {BrokerApi} broker
 * @property {Store} store
 * @property {Pick<History, "pushState" | "replaceState">} history
 * @property {() => string} search     the query of the page's address
 * @property {() => Date} now
 * @property {() => void} arrived      the folder the person went to is there: time to move the focus
 * @property {() => void} opened       another folder is being shown
 */
import { NOTHING } from "./grid.js";
import { failed, failureOf, isAbort } from "./messages.js";
import { actionsAt, firstPlace, placeFromSearch, samePlace, searchFromPlace } from "./places.js";
import { nextOrder, rowsOf, sorted, withUploaded } from "./rows.js";
import { LOADING, TOP } from "./state.js";

const PAGE = 1000; // objects; the most S3 gives
const BY_NAME = { column: /** @type {const} */ ("name"), descending: false };
const UPLOAD_ONLY = failed("You cannot see what is in this folder", "You may upload to it all the same.");

export class Browsing {
  /** @type {Parts} */
  #parts;
  /** Ends the requests of the folder before. */
  #loading = new AbortController();

  /** @param {Parts} parts */
  constructor(parts) {
    this.#parts = parts;
  }

  /** After signing in: the place in the address, or the first the person may see. */
  async enter() {
    const place = this.#placeInAddress();
    if (place === null) return;
    this.#parts.history.replaceState(null, "", searchFromPlace(place));
    await this.#show(place, null);
  }

  /** @param {Place} place */
  async open(place) {
    const { history, store } = this.#parts;
    const from = store.get().place;
    if (!samePlace(place, from)) history.pushState(null, "", searchFromPlace(place));
    await this.#visit(place, from);
  }

  /** Back and forward. */
  async popped() {
    const { place: from, session } = this.#parts.store.get();
    const place = this.#placeInAddress();
    if (place !== null && session === "signed-in") await this.#visit(place, from);
  }

  async reload() {
    const { place } = this.#parts.store.get();
    if (place) await this.#visit(place, null);
  }

  async loadMore() {
    const { place, listing } = this.#parts.store.get();
    if (!place || listing.state !== "ready" || listing.cursor === null || listing.more === "loading") return;
    const { signal } = this.#loading;
    this.#patch({ more: "loading" });
    try {
      const page = await this.#ask(place, listing.cursor);
      if (signal.aborted) return;
      const rows = [...this.#parts.store.get().listing.rows, ...rowsOf(page, place.prefix)];
      this.#patch({ rows, shown: rows, cursor: page.cursor, more: "idle" });
    } catch (error) {
      const failure = failureOf("The rest of the list was not loaded", error);
      if (!signal.aborted) this.#patch({ more: "failed", failure });
    }
  }

  /** Only what is complete is sorted: otherwise the largest file may be the one not loaded. @param {Column} column */
  sortBy(column) {
    const { listing } = this.#parts.store.get();
    if (listing.cursor !== null) return;
    const order = nextOrder(listing.order, column);
    this.#patch({ order, shown: sorted(listing.rows, order) });
  }

  /** @param {readonly {bucket: string, key: string, size: number}[]} uploads */
  uploaded(uploads) {
    const { now, store } = this.#parts;
    const { place, listing } = store.get();
    if (!place || listing.state !== "ready") return;
    const here = uploads.filter(({ bucket, key }) => bucket === place.bucket && key.startsWith(place.prefix));
    const complete = listing.cursor === null;
    const modified = now();
    const rows = here.reduce((all, { key, size }) => withUploaded(all, complete, place.prefix, { key, size, modified }), listing.rows);
    if (rows !== listing.rows) this.#replaceRows(rows);
  }

  /** The person may have gone elsewhere meanwhile. @param {string} bucket @param {ReadonlySet<string>} keys */
  removed(bucket, keys) {
    const { store } = this.#parts;
    if (store.get().place?.bucket !== bucket) return;
    store.set({ selection: NOTHING });
    this.#replaceRows(store.get().listing.rows.filter(({ key }) => !keys.has(key)));
  }

  #placeInAddress() {
    const { search, store } = this.#parts;
    return placeFromSearch(search()) ?? firstPlace(store.get().buckets ?? []);
  }

  /** @param {Place} place @param {Place | null} from */
  async #visit(place, from) {
    await this.#show(place, from);
    if (samePlace(place, this.#parts.store.get().place)) this.#parts.arrived();
  }

  /** A question that is open was about the folder before. @param {Place} place @param {Place | null} from where the person was */
  async #show(place, from) {
    const { store, opened } = this.#parts;
    this.#loading.abort();
    this.#loading = new AbortController();
    store.set({ place, listing: LOADING, span: TOP, selection: NOTHING, focus: 0, failure: null, question: null, unfinished: [], offer: "early" });
    opened();
    const actions = actionsAt(store.get().buckets ?? [], place);
    if (actions.has("write") && !actions.has("list")) this.#patch({ state: "failed", failure: UPLOAD_ONLY });
    else await this.#load(place, from);
  }

  /** @param {Place} place @param {Place | null} from */
  async #load(place, from) {
    try {
      const { objects, prefixes, cursor } = await this.#ask(place, null);
      const rows = rowsOf({ objects, prefixes }, place.prefix);
      const order = cursor === null ? BY_NAME : null;
      const shown = order ? sorted(rows, order) : rows;
      const focus = Math.max(0, shown.findIndex(({ kind, key }) => kind === "folder" && from?.prefix.startsWith(key)));
      this.#parts.store.set({ focus, listing: { ...LOADING, state: "ready", rows, shown, order, cursor } });
    } catch (error) {
      if (!isAbort(error)) this.#patch({ state: "failed", failure: failureOf("This folder could not be opened", error) });
    }
  }

  /** @param {Place} place @param {string | null} cursor */
  #ask({ bucket, prefix }, cursor) {
    const request = { bucket, prefix, delimiter: "/", limit: PAGE, ...(cursor === null ? {} : { cursor }) };
    return this.#parts.broker.listObjects(request, { signal: this.#loading.signal });
  }

  /** The order stays, and the focused row stays focused. @param {readonly Row[]} rows */
  #replaceRows(rows) {
    const { listing, focus } = this.#parts.store.get();
    const shown = listing.order ? sorted(rows, listing.order) : rows;
    const key = listing.shown[focus]?.key;
    const at = shown.findIndex((row) => row.key === key);
    const nearest = Math.max(0, Math.min(focus, shown.length - 1));
    this.#parts.store.set({ listing: { ...listing, rows, shown }, focus: at < 0 ? nearest : at });
  }

  /** @param {Partial<Listing>} patch */
  #patch(patch) {
    const { store } = this.#parts;
    store.set({ listing: { ...store.get().listing, ...patch } });
  }
}
