import assert from "node:assert/strict";
import { test } from "node:test";
import { nextOrder, rowsOf, sorted, withUploaded } from "../../../web/views/rows.js";

const object = (/** @type {string} */ key, size = 1, day = 1) => ({ key, size, last_modified: `2025-01-0${day}T00:00:00Z` });
const names = (/** @type {readonly {name: string}[]} */ rows) => rows.map(({ name }) => name);
const page = rowsOf({ objects: [object("p/b.txt", 5, 3), object("p/a10", 7, 1), object("p/a9", 5, 2)], prefixes: ["p/z/", "p/a1/"] }, "p/");

test("a page keeps the order of its keys, folders among files", () => {
  assert.deepEqual(page.map(({ key }) => key), ["p/a1/", "p/a10", "p/a9", "p/b.txt", "p/z/"]);
});

test("the marker object of a folder is not a file in it", () => {
  assert.deepEqual(names(rowsOf({ objects: [object("p/"), object("p/a")], prefixes: [] }, "p/")), ["a"]);
});

test("by name, numbers count and folders come first in both directions", () => {
  assert.deepEqual(names(sorted(page, { column: "name", descending: false })), ["a1", "z", "a9", "a10", "b.txt"]);
  assert.deepEqual(names(sorted(page, { column: "name", descending: true })), ["z", "a1", "b.txt", "a10", "a9"]);
});

test("by size and by date, equal rows are in the order of names", () => {
  assert.deepEqual(names(sorted(page, { column: "size", descending: true })), ["a1", "z", "a10", "a9", "b.txt"]);
  assert.deepEqual(names(sorted(page, { column: "modified", descending: true })), ["a1", "z", "b.txt", "a9", "a10"]);
});

test("pressing a header again turns the order round; size and date begin with the largest and newest", () => {
  assert.deepEqual(nextOrder(null, "name"), { column: "name", descending: false });
  assert.deepEqual(nextOrder({ column: "name", descending: false }, "name"), { column: "name", descending: true });
  assert.deepEqual(nextOrder({ column: "name", descending: true }, "size"), { column: "size", descending: true });
});

const upload = (/** @type {string} */ key) => ({ key, size: 9, modified: new Date(0) });

test("an upload appears at its place", () => {
  assert.deepEqual(names(withUploaded(page, true, "p/", upload("p/aa"))), ["a1", "a10", "a9", "aa", "b.txt", "z"]);
});

test("an upload of a name that is listed replaces its row", () => {
  const rows = withUploaded(page, true, "p/", upload("p/a9"));
  assert.equal(rows.length, page.length);
  assert.equal(rows.find(({ key }) => key === "p/a9")?.size, 9);
});

test("an upload into a folder below shows that folder, once", () => {
  const rows = withUploaded(page, true, "p/", upload("p/new/x/y"));
  assert.deepEqual(rows.find(({ key }) => key === "p/new/")?.kind, "folder");
  assert.equal(withUploaded(rows, true, "p/", upload("p/new/x/z")).length, rows.length);
});

test("in a list that is not complete, a key past its end waits for its page", () => {
  assert.equal(withUploaded(page, false, "p/", upload("p/zz")), page);
  assert.equal(withUploaded(page, true, "p/", upload("p/zz")).length, page.length + 1);
});
