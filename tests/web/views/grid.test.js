import assert from "node:assert/strict";
import { test } from "node:test";
import { NOTHING, all, moved, only, ranged, spanInView, toggled, typeAhead } from "../../../web/views/grid.js";

const ROWS = [
  { kind: "folder", key: "f/", name: "f" },
  { kind: "file", key: "a", name: "Alpha" },
  { kind: "file", key: "b", name: "beta" },
  { kind: "file", key: "c", name: "Beat" },
];
const keys = (/** @type {{keys: ReadonlySet<string>}} */ selection) => [...selection.keys];

/** @type {[string, number, number][]} key, from, to; 10 rows, 4 in view */
const MOVES = [
  ["ArrowDown", 0, 1],
  ["ArrowDown", 9, 9],
  ["ArrowUp", 0, 0],
  ["PageDown", 4, 8],
  ["PageDown", 7, 9],
  ["PageUp", 3, 0],
  ["Home", 7, 0],
  ["End", 2, 9],
];
for (const [key, from, to] of MOVES) {
  test(`${key} goes from row ${from} to row ${to} of ten`, () => assert.equal(moved(key, from, 10, 4), to));
}

test("other keys, and an empty list, move nothing", () => {
  assert.equal(moved("x", 0, 10, 4), null);
  assert.equal(moved("ArrowDown", 0, 0, 4), null);
});

test("only files can be selected", () => {
  assert.deepEqual(keys(all(ROWS)), ["a", "b", "c"]);
  assert.deepEqual(keys(only(ROWS, 0)), []);
  assert.deepEqual(keys(toggled(NOTHING, ROWS, 0)), []);
});

test("toggling twice gives back what was", () => {
  const once = toggled(only(ROWS, 1), ROWS, 2);
  assert.deepEqual(keys(once), ["a", "b"]);
  assert.deepEqual(keys(toggled(once, ROWS, 2)), ["a"]);
});

test("a range goes both ways from its anchor and shrinks again", () => {
  const anchor = only(ROWS, 2);
  assert.deepEqual(keys(ranged(anchor, ROWS, 3)), ["b", "c"]);
  assert.deepEqual(keys(ranged(ranged(anchor, ROWS, 3), ROWS, 1)), ["a", "b"]);
});

test("a letter goes to the next name, a word stays on its name", () => {
  assert.equal(typeAhead(ROWS, 0, "b"), 2);
  assert.equal(typeAhead(ROWS, 2, "b"), 3);
  assert.equal(typeAhead(ROWS, 3, "b"), 2);
  assert.equal(typeAhead(ROWS, 3, "bea"), 3);
  assert.equal(typeAhead(ROWS, 0, "x"), -1);
});

test("of 100,000 rows only those in view and a margin are drawn", () => {
  const { first, last } = spanInView(36 * 50_000, 720, 36, 100_000);
  assert.ok(first <= 50_000 && last >= 50_020);
  assert.ok(last - first < 50);
});

test("the span never leaves the list", () => {
  assert.deepEqual(spanInView(0, 720, 36, 3), { first: 0, last: 3 });
  assert.deepEqual(spanInView(99_999, 720, 36, 3), { first: 3, last: 3 });
  assert.deepEqual(spanInView(0, 720, 36, 0), { first: 0, last: 0 });
});
