import assert from "node:assert/strict";
import { test } from "node:test";
import { pickedFiles, topNames, walk } from "../../../web/views/drop.js";

/** Entries as a browser makes them: `readEntries` hands out `chunk` at a time, then none. */
const fileEntry = (/** @type {string} */ fullPath) =>
  /** @type {FileSystemEntry} */ (/** @type {unknown} */ ({
    isDirectory: false,
    fullPath,
    file: (/** @type {(file: File) => void} */ resolve) => resolve(new File([], fullPath)),
  }));

const directoryEntry = (/** @type {string} */ fullPath, /** @type {FileSystemEntry[]} */ children, chunk = 100) =>
  /** @type {FileSystemEntry} */ (/** @type {unknown} */ ({
    isDirectory: true,
    fullPath,
    createReader() {
      const rest = [...children];
      return { readEntries: (/** @type {(entries: FileSystemEntry[]) => void} */ resolve) => resolve(rest.splice(0, chunk)) };
    },
  }));

const broken = /** @type {FileSystemEntry} */ (/** @type {unknown} */ ({
  isDirectory: false,
  fullPath: "/broken.txt",
  file: (/** @type {unknown} */ _, /** @type {(error: Error) => void} */ reject) => reject(new Error("gone")),
}));

/** @param {FileSystemEntry[]} entries */
async function walked(entries) {
  /** @type {string[]} */
  const unreadable = [];
  /** @type {string[]} */
  const names = [];
  for await (const { name } of walk(entries, (path) => unreadable.push(path))) names.push(name);
  return { names, unreadable };
}

test("a directory of 250 files is read to its end, 100 at a time", async () => {
  const children = Array.from({ length: 250 }, (_, index) => fileEntry(`/d/${index}`));
  assert.equal((await walked([directoryEntry("/d", children)])).names.length, 250);
});

test("files keep their path below what was dropped", async () => {
  const tree = directoryEntry("/d", [fileEntry("/d/a"), directoryEntry("/d/e", [fileEntry("/d/e/b")])]);
  assert.deepEqual((await walked([tree, fileEntry("/c")])).names, ["d/a", "d/e/b", "c"]);
});

test("a file that cannot be read is named, and the others go on", async () => {
  assert.deepEqual(await walked([broken, fileEntry("/c")]), { names: ["c"], unreadable: ["broken.txt"] });
});

test("a picked folder brings its paths along", () => {
  const inFolder = Object.assign(new File([], "a"), { webkitRelativePath: "d/a" });
  assert.deepEqual(pickedFiles([inFolder, new File([], "b")]).map(({ name }) => name), ["d/a", "b"]);
});

test("what a drop makes in the folder itself is each file and each top folder once", () => {
  assert.deepEqual(topNames([{ name: "a" }, { name: "d/a" }, { name: "d/e/b" }]), ["a", "d/"]);
});
