/**
 * The keyboard of the list: where focus goes, what is selected, which rows are drawn. Pure.
 * https://www.w3.org/WAI/ARIA/apg/patterns/grid/
 *
 * @typedef {{keys: ReadonlySet<string>, anchor: number}} Selection  anchor: where a range begins
 * @typedef {{first: number, last: number}} Span  rows first to last, last excluded
 */
import { visible } from "./names.js";

/** Rows drawn above and below those in view, so that fast scrolling shows no gap. */
const MARGIN = 12;

/** @type {Selection} */
export const NOTHING = { keys: new Set(), anchor: 0 };

/**
 * @param {string} key of the keyboard event
 * @param {number} index focused now
 * @param {number} count of rows
 * @param {number} page rows in view
 * @returns {number | null} null when the key moves nothing
 */
export function moved(key, index, count, page) {
  const targets = new Map([
    ["ArrowDown", index + 1],
    ["ArrowUp", index - 1],
    ["PageDown", index + page],
    ["PageUp", index - page],
    ["Home", 0],
    ["End", count - 1],
  ]);
  const target = targets.get(key);
  return target === undefined || count === 0 ? null : Math.min(count - 1, Math.max(0, target));
}

/** @typedef {{key: string, kind: string}} Selectable */

/** Only files are selected; a folder is a place. @param {readonly Selectable[]} rows */
const fileKeys = (rows) => rows.filter(({ kind }) => kind === "file").map(({ key }) => key);

/** @param {readonly Selectable[]} rows @param {number} index @returns {Selection} */
export const only = (rows, index) => ({ keys: new Set(fileKeys(rows.slice(index, index + 1))), anchor: index });

/** @param {Selection} selection @param {readonly Selectable[]} rows @param {number} index @returns {Selection} */
export function toggled(selection, rows, index) {
  const keys = new Set(selection.keys);
  for (const key of only(rows, index).keys) if (!keys.delete(key)) keys.add(key);
  return { keys, anchor: index };
}

/**
 * From the anchor to the index, both included.
 * @param {Selection} selection
 * @param {readonly Selectable[]} rows
 * @param {number} index
 * @returns {Selection}
 */
export function ranged({ anchor }, rows, index) {
  const [from, to] = anchor < index ? [anchor, index] : [index, anchor];
  return { keys: new Set(fileKeys(rows.slice(from, to + 1))), anchor };
}

/** @param {readonly Selectable[]} rows @returns {Selection} */
export const all = (rows) => ({ keys: new Set(fileKeys(rows)), anchor: 0 });

/**
 * The next row whose name begins with what was typed; -1 for none. A single letter moves on,
 * a growing word may stay where it is.
 * @param {readonly {name: string}[]} rows @param {number} from @param {string} typed
 */
export function typeAhead(rows, from, typed) {
  const wanted = typed.toLowerCase();
  const start = from + (typed.length === 1 ? 1 : 0);
  for (let step = 0; step < rows.length; step += 1) {
    const index = (start + step) % rows.length;
    if (visible(rows[index]?.name ?? "").toLowerCase().startsWith(wanted)) return index;
  }
  return -1;
}

/**
 * Which rows to draw.
 * @param {number} top scrolled away, in px @param {number} height in view, in px
 * @param {number} rowHeight in px @param {number} count
 * @returns {Span}
 */
export function spanInView(top, height, rowHeight, count) {
  const first = Math.floor(top / rowHeight) - MARGIN;
  const last = Math.ceil((top + height) / rowHeight) + MARGIN;
  return { first: Math.max(0, Math.min(first, count)), last: Math.max(0, Math.min(last, count)) };
}
