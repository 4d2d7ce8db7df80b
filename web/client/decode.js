/**
 * Turns JSON into typed values, once, at the edge. A decoder returns its value or throws `TypeError`
 * with the path of what does not fit. Fields that are not named pass through untouched.
 *
 * @template T
 * @typedef {(value: unknown, path: string) => T} Decoder
 */

/** @type {Decoder<string>} */
export function text(value, path) {
  if (typeof value !== "string") throw new TypeError(`${path}: not a string`);
  return value;
}

/** @type {Decoder<number>} */
export function whole(value, path) {
  if (!Number.isSafeInteger(value)) throw new TypeError(`${path}: not a whole number`);
  return /** @type {number} */ (value);
}

/** @type {Decoder<boolean>} */
export function flag(value, path) {
  if (typeof value !== "boolean") throw new TypeError(`${path}: neither true nor false`);
  return value;
}

/**
 * @template {string} T
 * @param {...T} words
 * @returns {Decoder<T>}
 */
export function oneOf(...words) {
  return (value, path) => {
    const word = words.find((each) => each === value);
    if (word === undefined) throw new TypeError(`${path}: none of ${words.join(", ")}`);
    return word;
  };
}

/**
 * Absent counts as null.
 *
 * @template T
 * @param {Decoder<T>} decoder
 * @returns {Decoder<T | null>}
 */
export function nullable(decoder) {
  return (value, path) => (value === undefined || value === null ? null : decoder(value, path));
}

/**
 * @template T
 * @param {Decoder<T>} decoder
 * @returns {Decoder<T[]>}
 */
export function list(decoder) {
  return (value, path) => {
    if (!Array.isArray(value)) throw new TypeError(`${path}: not a list`);
    return value.map((item, index) => decoder(item, `${path}.${index}`));
  };
}

/**
 * @template T
 * @param {Decoder<T>} decoder
 * @returns {Decoder<Record<string, T>>}
 */
export function record(decoder) {
  return (value, path) => {
    const entries = Object.entries(plain(value, path));
    return Object.fromEntries(entries.map(([key, item]) => [key, decoder(item, `${path}.${key}`)]));
  };
}

/**
 * @template {Record<string, Decoder<unknown>>} S
 * @param {S} shape
 * @returns {Decoder<{ [K in keyof S]: ReturnType<S[K]> }>}
 */
export function object(shape) {
  return (value, path) => {
    const fields = plain(value, path);
    const decoded = Object.entries(shape).map(([key, decoder]) => [key, decoder(fields[key], `${path}.${key}`)]);
    return { ...fields, ...Object.fromEntries(decoded) };
  };
}

/**
 * The first decoder if the object has that field, else the second.
 *
 * @template A, B
 * @param {string} field
 * @param {Decoder<A>} present
 * @param {Decoder<B>} absent
 * @returns {Decoder<A | B>}
 */
export function byField(field, present, absent) {
  return (value, path) => (plain(value, path)[field] === undefined ? absent(value, path) : present(value, path));
}

/** @type {Decoder<Record<string, unknown>>} */
export function plain(value, path) {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw new TypeError(`${path}: not an object`);
  return /** @type {Record<string, unknown>} */ (value);
}
