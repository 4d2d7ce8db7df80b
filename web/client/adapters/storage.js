/**
 * Remembers open uploads in `localStorage` or something like it, one entry each, so that tabs do
 * not overwrite each other. A storage that is blocked, full or damaged remembers nothing.
 *
 * @import { Remembered, UploadStore } from "../types.d.ts"
 */

const PREFIX = "presign-broker.upload.";
/** More than this many are the leftovers of other days: the oldest go. */
const MOST = 500;

/**
 * @param {() => Storage} open  reading `localStorage` alone may throw
 * @returns {UploadStore}
 */
export function storageStore(open) {
  return {
    list: () => attempt(() => entries(open()), []),
    put: (entry) => attempt(() => put(open(), entry), undefined),
    remove: (id) => attempt(() => open().removeItem(PREFIX + id), undefined),
  };
}

/**
 * For as long as the process lives.
 *
 * @returns {UploadStore}
 */
export function memoryStore() {
  /** @type {Map<string, Remembered>} */
  const kept = new Map();
  return {
    list: () => [...kept.values()],
    put: (entry) => void kept.set(entry.id, entry),
    remove: (id) => void kept.delete(id),
  };
}

/**
 * @template T
 * @param {() => T} operation
 * @param {T} otherwise
 */
function attempt(operation, otherwise) {
  try {
    return operation();
  } catch {
    return otherwise;
  }
}

/**
 * @param {Storage} storage
 * @param {Remembered} entry
 */
function put(storage, entry) {
  const known = entries(storage).sort((a, b) => (a.createdAt < b.createdAt ? -1 : 1));
  for (const old of known.slice(0, Math.max(0, known.length + 1 - MOST))) storage.removeItem(PREFIX + old.id);
  storage.setItem(PREFIX + entry.id, JSON.stringify(entry));
}

/** @param {Storage} storage */
function entries(storage) {
  const keys = Array.from({ length: storage.length }, (_, index) => storage.key(index));
  return keys.filter((key) => key?.startsWith(PREFIX)).flatMap((key) => entry(storage, String(key)));
}

/**
 * @param {Storage} storage
 * @param {string} key
 * @returns {Remembered[]}  empty when it cannot be read
 */
function entry(storage, key) {
  const value = attempt(() => JSON.parse(storage.getItem(key) ?? ""), null);
  const texts = ["id", "bucket", "key", "name", "fingerprint", "createdAt"];
  const whole = value && texts.every((field) => typeof value[field] === "string") && Number.isSafeInteger(value.size);
  return whole ? [value] : [];
}
