import assert from "node:assert/strict";
import { test } from "node:test";
import { actionsAt, crumbs, firstPlace, parentOf, placeFromSearch, searchFromPlace } from "../../../web/views/places.js";

const BUCKETS = [
  { name: "empty", roots: [] },
  {
    name: "uploads",
    roots: [
      { prefix: "users/alice/", actions: ["list", "read", "write"] },
      { prefix: "users/", actions: ["list"] },
      { prefix: "public/", actions: ["list", "read"] },
    ],
  },
  { name: "whole", roots: [{ prefix: "", actions: ["list"] }] },
];

for (const prefix of ["", "a/", "a b/ü/", "100%/", "a&b=c/?#+/", "\u202e/"]) {
  test(`the address brings back the prefix ${JSON.stringify(prefix)}`, () => {
    const place = { bucket: "uploads", prefix };
    assert.deepEqual(placeFromSearch(searchFromPlace(place)), place);
  });
}

test("an address without a bucket is no place", () => {
  assert.equal(placeFromSearch(""), null);
  assert.equal(placeFromSearch("?prefix=a/"), null);
});

test("the first place is one to upload to, else the first root of the first bucket that has one", () => {
  const reversed = BUCKETS.map(({ name, roots }) => ({ name, roots: [...roots].reverse() }));
  const readable = BUCKETS.map(({ name, roots }) => ({ name, roots: roots.slice(1) }));
  assert.deepEqual(firstPlace(reversed), { bucket: "uploads", prefix: "users/alice/" });
  assert.deepEqual(firstPlace(readable), { bucket: "uploads", prefix: "users/" });
  assert.equal(firstPlace([]), null);
});

test("what any root above allows is allowed, and nothing beside it", () => {
  assert.deepEqual([...actionsAt(BUCKETS, { bucket: "uploads", prefix: "users/alice/x/" })].sort(), ["list", "read", "write"]);
  assert.deepEqual([...actionsAt(BUCKETS, { bucket: "uploads", prefix: "users/bob/" })], ["list"]);
  assert.equal(actionsAt(BUCKETS, { bucket: "uploads", prefix: "user" }).size, 0);
  assert.equal(actionsAt(BUCKETS, { bucket: "unknown", prefix: "" }).size, 0);
});

test("the way up ends at the top of what the person may see", () => {
  const up = (/** @type {string} */ bucket, /** @type {string} */ prefix) => parentOf(BUCKETS, { bucket, prefix })?.prefix;
  assert.equal(up("uploads", "public/a/b/"), "public/a/");
  assert.equal(up("uploads", "public/a/"), "public/");
  assert.equal(up("uploads", "public/"), undefined);
  assert.equal(up("whole", "a/"), "");
  assert.equal(up("whole", ""), undefined);
});

test("the trail begins with the bucket and marks folders that cannot be opened", () => {
  assert.deepEqual(crumbs(BUCKETS, { bucket: "uploads", prefix: "public/a/" }), [
    { label: "uploads", prefix: "", reachable: false },
    { label: "public", prefix: "public/", reachable: true },
    { label: "a", prefix: "public/a/", reachable: true },
  ]);
  assert.deepEqual(crumbs(BUCKETS, { bucket: "whole", prefix: "" }), [{ label: "whole", prefix: "", reachable: true }]);
});

test("a prefix that ends inside a name, and empty names, keep their own prefix", () => {
  const prefixes = (/** @type {string} */ prefix) => crumbs(BUCKETS, { bucket: "whole", prefix }).map((crumb) => crumb.prefix);
  assert.deepEqual(prefixes("a/team-"), ["", "a/", "a/team-"]);
  assert.deepEqual(prefixes("a//b/"), ["", "a/", "a//", "a//b/"]);
});
