/**
 * Where a person is (a bucket and a prefix), and what they may do there. Pure.
 *
 * @typedef {{bucket: string, prefix: string}} Place
 * @typedef {{prefix: string, actions: readonly string[]}} Root
 * @typedef {{name: string, roots: readonly Root[]}} Bucket
 * @typedef {{label: string, prefix: string, reachable: boolean}} Crumb
 */

/** @param {string} search @returns {Place | null} */
export function placeFromSearch(search) {
  const query = new URLSearchParams(search);
  const bucket = query.get("bucket");
  return bucket ? { bucket, prefix: query.get("prefix") ?? "" } : null;
}

/** @param {Place} place */
export function searchFromPlace({ bucket, prefix }) {
  const query = new URLSearchParams({ bucket });
  if (prefix !== "") query.set("prefix", prefix);
  return `?${query}`;
}

/** @param {Place | null} one @param {Place | null} other */
export const samePlace = (one, other) => one?.bucket === other?.bucket && one?.prefix === other?.prefix;

/**
 * Where to begin: the first place to upload to, else the first there is.
 * @param {readonly Bucket[]} buckets
 * @returns {Place | null}
 */
export function firstPlace(buckets) {
  const places = buckets.flatMap(({ name, roots }) => roots.map((root) => ({ name, root })));
  const first = places.find(({ root }) => root.actions.includes("write")) ?? places[0];
  return first ? { bucket: first.name, prefix: first.root.prefix } : null;
}

/** @param {readonly Bucket[]} buckets @param {Place} place @returns {Root[]} */
function rootsOver(buckets, { bucket, prefix }) {
  const roots = buckets.find(({ name }) => name === bucket)?.roots ?? [];
  return roots.filter((root) => prefix.startsWith(root.prefix));
}

/**
 * Grants add up: what any root above the place allows is allowed.
 * @param {readonly Bucket[]} buckets @param {Place} place
 * @returns {ReadonlySet<string>}
 */
export const actionsAt = (buckets, place) =>
  new Set(rootsOver(buckets, place).flatMap((root) => [...root.actions]));

/**
 * The folder above, or null at the top of what the person may see.
 * @param {readonly Bucket[]} buckets
 * @param {Place} place
 * @returns {Place | null}
 */
export function parentOf(buckets, place) {
  const prefix = place.prefix.replace(/[^/]*\/?$/, "");
  const parent = { bucket: place.bucket, prefix };
  return prefix !== place.prefix && rootsOver(buckets, parent).length > 0 ? parent : null;
}

/**
 * The bucket, then each folder down to the place. Folders above every root can be read, not opened.
 * @param {readonly Bucket[]} buckets @param {Place} place
 * @returns {Crumb[]}
 */
export function crumbs(buckets, { bucket, prefix }) {
  const parts = prefix.split("/").filter((part, index, all) => part !== "" || index < all.length - 1);
  const above = (/** @type {number} */ depth) => parts.slice(0, depth).map((part) => `${part}/`).join("");
  return ["", ...parts].map((part, depth, all) => {
    const path = depth === all.length - 1 ? prefix : above(depth);
    const reachable = rootsOver(buckets, { bucket, prefix: path }).length > 0;
    return { label: depth === 0 ? bucket : part, prefix: path, reachable };
  });
}
