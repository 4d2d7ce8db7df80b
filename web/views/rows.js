/**
 * The rows of a listing: how pages become rows, and in what order. Pure.
 *
 * @typedef {{kind: "folder" | "file", key: string, name: string, size: number, modified: Date | null}} Row
 * @typedef {"name" | "size" | "modified"} Column
 * @typedef {{column: Column, descending: boolean}} Order
 * @typedef {{key: string, size: number, last_modified: string | null}} ListedObject
 * @typedef {{objects: readonly ListedObject[], prefixes: readonly string[]}} Page
 */
import { baseName } from "./names.js";

// Natural order: "file 10" after "file 9". One collator, because making one is slow.
const collator = new Intl.Collator("en", { numeric: true });

/** @type {Record<Column, (one: Row, other: Row) => number>} */
const COMPARE = {
  name: (one, other) => collator.compare(one.name, other.name),
  size: (one, other) => one.size - other.size,
  modified: (one, other) => Number(one.modified ?? 0) - Number(other.modified ?? 0),
};

/** @param {string} key @returns {Row} */
const folder = (key) => ({ kind: "folder", key, name: baseName(key), size: 0, modified: null });

/** @param {ListedObject} object @returns {Row} */
const file = ({ key, size, last_modified: modified }) => ({
  kind: "file",
  key,
  name: baseName(key),
  size,
  modified: modified === null ? null : new Date(modified),
});

/**
 * One page in S3's own order. Later pages only ever follow, so a list that grows never jumps.
 * The empty object that some tools make for a folder (`photos/`) is the folder itself: left out.
 * @param {Page} page @param {string} prefix
 * @returns {Row[]}
 */
export function rowsOf({ objects, prefixes }, prefix) {
  const files = objects.filter(({ key }) => key !== prefix).map(file);
  const rows = [...prefixes.map(folder), ...files];
  return rows.sort((one, other) => (one.key < other.key ? -1 : Number(one.key > other.key)));
}

/**
 * Folders first, whatever the direction; equal rows by name. Only for a complete list.
 * @param {readonly Row[]} rows @param {Order} order
 * @returns {Row[]}
 */
export function sorted(rows, { column, descending }) {
  const sign = descending ? -1 : 1;
  return [...rows].sort((one, other) => {
    if (one.kind !== other.kind) return one.kind === "folder" ? -1 : 1;
    return sign * COMPARE[column](one, other) || COMPARE.name(one, other);
  });
}

/**
 * The rows after an upload into this folder or below it. In a list that is not complete,
 * a key after the last one loaded will come with its own page.
 * @param {readonly Row[]} rows in the order of keys @param {boolean} complete @param {string} prefix
 * @param {{key: string, size: number, modified: Date}} uploaded
 * @returns {readonly Row[]}
 */
export function withUploaded(rows, complete, prefix, { key, size, modified }) {
  const below = key.indexOf("/", prefix.length);
  const row = below < 0 ? { ...folder(key), kind: /** @type {const} */ ("file"), size, modified } : folder(key.slice(0, below + 1));
  const at = rows.findIndex((each) => each.key >= row.key);
  if (rows[at]?.key === row.key) return rows.with(at, row);
  if (at < 0) return complete ? [...rows, row] : rows;
  return rows.toSpliced(at, 0, row);
}

/**
 * The order after a press on a column's header.
 * @param {Order | null} order
 * @param {Column} column
 * @returns {Order}
 */
export const nextOrder = (order, column) => ({
  column,
  descending: order?.column === column ? !order.descending : column !== "name",
});
