/**
 * The list's keyboard, pointer and scrolling: the one view that reads the page back.
 *
 * @import { Store } from "./state.js"
 * @import { Selection } from "./grid.js"
 * @import { Browsing } from "./browsing.js"
 * @import { Objects } from "./objects.js"
 * @typedef {object} Parts
 * @property {Store} store
 * @property {Browsing} browsing
 * @property {Objects} objects
 * @property {() => void} paint        draws at once, so that a new row can take the focus
 * @property {() => number} clock      monotonic milliseconds
 */
import { NOTHING, all, moved, only, ranged, spanInView, toggled, typeAhead } from "./grid.js";
import { actionsAt, parentOf } from "./places.js";

const AHEAD = 200; // rows from the end at which the next page is asked for
const TYPING = 800; // ms between letters of one word

/** @param {EventTarget | null} target */
function indexAt(target) {
  const row = /** @type {HTMLElement | null} */ (/** @type {Element | null} */ (target)?.closest("[data-index]") ?? null);
  return row ? Number(row.dataset["index"]) : null;
}

export class List {
  /** @type {Parts} */
  #parts;
  /** Letters typed so far to find a name, and when the last one was. */
  #typed = { text: "", at: -TYPING };

  /** @param {Parts} parts */
  constructor(parts) {
    this.#parts = parts;
  }

  /** Keeps the rows in view drawn, and asks for more before the end is reached. */
  scrolled() {
    const grid = document.getElementById("list");
    if (!grid) return;
    const { store, browsing } = this.#parts;
    const { listing, span } = store.get();
    const next = spanInView(grid.scrollTop, grid.clientHeight, rowHeight(grid), listing.shown.length);
    if (next.first !== span.first || next.last !== span.last) store.set({ span: next });
    if (next.last > listing.shown.length - AHEAD && listing.more === "idle") browsing.loadMore();
  }

  /** After going somewhere the keyboard continues in the list, or in what is there instead. */
  focusList() {
    this.#parts.paint();
    if (document.getElementById("list")) this.#focus(this.#parts.store.get().focus);
    else document.getElementById("pane")?.focus();
  }

  clear() {
    this.#parts.store.set({ selection: NOTHING });
    this.focusList();
  }

  toggleAll() {
    const { store } = this.#parts;
    const { selection, listing } = store.get();
    store.set({ selection: selection.keys.size > 0 ? NOTHING : all(listing.shown) });
  }

  /** @param {MouseEvent} event */
  clicked(event) {
    const index = indexAt(event.target);
    const target = /** @type {Element} */ (event.target);
    if (index === null || target.closest("button")) return;
    const link = target.closest("a");
    if (link && (event.ctrlKey || event.metaKey || event.shiftKey)) return;
    event.preventDefault();
    if (link) return this.#open(index);
    const { selection, listing: { shown } } = this.#parts.store.get();
    const many = event.ctrlKey || event.metaKey || target.closest(".check") !== null;
    this.#select(event.shiftKey ? ranged(selection, shown, index) : many ? toggled(selection, shown, index) : only(shown, index), index);
  }

  /** @param {MouseEvent} event */
  doubleClicked(event) {
    const index = indexAt(event.target);
    const target = /** @type {Element} */ (event.target);
    if (index !== null && !target.closest("button, a, .check")) this.#open(index);
  }

  /** @param {KeyboardEvent} event */
  pressed(event) {
    const index = indexAt(event.target);
    if (index === null || /** @type {Element} */ (event.target).closest("button")) return;
    if (this.#move(event, index) || this.#command(event, index) || this.#find(event, index)) event.preventDefault();
  }

  /** Arrows and pages; with Shift the selection follows. @param {KeyboardEvent} event @param {number} index */
  #move({ key, shiftKey, altKey }, index) {
    const grid = document.getElementById("list");
    const { listing: { shown }, selection } = this.#parts.store.get();
    const page = grid ? Math.max(1, Math.floor(grid.clientHeight / rowHeight(grid)) - 1) : 1;
    const target = altKey ? null : moved(key, index, shown.length, page);
    if (target === null) return false;
    if (!shiftKey) this.#focus(target);
    else this.#select(ranged(selection.keys.size > 0 ? selection : { ...selection, anchor: index }, shown, target), target);
    return true;
  }

  /** @param {KeyboardEvent} event @param {number} index */
  #command({ key, ctrlKey, metaKey, altKey }, index) {
    const { store } = this.#parts;
    const { listing: { shown }, selection } = store.get();
    /** @type {Record<string, () => void>} */
    const commands = {
      " ": () => this.#select(toggled(selection, shown, index), index),
      Enter: () => this.#open(index),
      Delete: () => this.#deleteSelected(index),
      Escape: () => store.set({ selection: NOTHING }),
    };
    const command = commands[key];
    if (key === "ArrowUp" && altKey) this.#up();
    else if ((key === "a" || key === "A") && (ctrlKey || metaKey)) store.set({ selection: all(shown) });
    else if (command && !ctrlKey && !metaKey && !altKey) command();
    else return false;
    return true;
  }

  /** Typing goes to the row with that name. @param {KeyboardEvent} event @param {number} index */
  #find({ key, ctrlKey, metaKey, altKey }, index) {
    if (key.length !== 1 || ctrlKey || metaKey || altKey) return false;
    const now = this.#parts.clock();
    const text = now - this.#typed.at < TYPING ? this.#typed.text + key : key;
    this.#typed = { text, at: now };
    const found = typeAhead(this.#parts.store.get().listing.shown, index, text);
    if (found >= 0) this.#focus(found);
    return true;
  }

  /** A folder is entered, a file downloaded. @param {number} index */
  #open(index) {
    const { store, browsing, objects } = this.#parts;
    const { place, buckets, listing: { shown } } = store.get();
    const row = shown[index];
    if (!row || !place) return;
    if (row.kind === "folder") browsing.open({ bucket: place.bucket, prefix: row.key });
    else if (actionsAt(buckets ?? [], place).has("read")) objects.download([row]);
  }

  #up() {
    const { store, browsing } = this.#parts;
    const { place, buckets } = store.get();
    const parent = place && parentOf(buckets ?? [], place);
    if (parent) browsing.open(parent);
  }

  /** @param {number} index */
  #deleteSelected(index) {
    const { store, objects } = this.#parts;
    const { place, buckets, selection, listing: { shown } } = store.get();
    const keys = selection.keys.size > 0 ? selection.keys : only(shown, index).keys;
    const permitted = place !== null && actionsAt(buckets ?? [], place).has("delete");
    if (permitted && keys.size > 0) objects.askToDelete(shown.filter(({ key }) => keys.has(key)));
  }

  /** @param {Selection} selection @param {number} index */
  #select(selection, index) {
    this.#parts.store.set({ selection });
    this.#focus(index);
  }

  /** @param {number} index */
  #focus(index) {
    const { store, paint } = this.#parts;
    store.set({ focus: index });
    paint();
    const row = /** @type {HTMLElement | null} */ (document.querySelector(`#list [data-index="${index}"]`));
    row?.focus({ preventScroll: true });
    row?.scrollIntoView({ block: "nearest" });
  }
}

/** The style sheet decides it: rows are taller on narrow screens. @param {HTMLElement} grid */
const rowHeight = (grid) => Number.parseFloat(getComputedStyle(grid).getPropertyValue("--row"));
