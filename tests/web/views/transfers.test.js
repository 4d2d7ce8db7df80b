/** @import { OpenUpload, UploadRow, UploadState } from "../../../web/client/types.d.ts" */
import assert from "node:assert/strict";
import { test } from "node:test";
import { rowsOf } from "../../../web/views/rows.js";
import { LOADING } from "../../../web/views/state.js";
import { Transfers } from "../../../web/views/transfers.js";
import { BUCKETS, HOME, brokerOf, engineOf, listed, storeOf } from "./harness.js";

/** @param {string[]} names listed in the folder @param {{cursor?: string | null, inS3?: string[], open?: OpenUpload[]}} [more] */
function transfersOf(names, { cursor = null, inS3 = [], open = [] } = {}) {
  const store = storeOf();
  const rows = rowsOf(listed(names.map((name) => HOME.prefix + name)), HOME.prefix);
  store.set({ place: HOME, buckets: /** @type {any} */ (BUCKETS), listing: { ...LOADING, state: "ready", rows, shown: rows, cursor } });
  const { broker, asked } = brokerOf({
    "GET /v1/objects": ({ query }) => listed(inS3.map((name) => HOME.prefix + name).filter((key) => key.startsWith(query.get("prefix") ?? "")).slice(0, 1)),
    "DELETE /v1/uploads/up1": () => ({}),
  });
  const engine = engineOf(open);
  /** @type {string[]} */
  const uploaded = [];
  /** @type {string[]} */
  const told = [];
  const transfers = new Transfers({
    broker, engine: engine.engine, store, uploaded: (uploads) => void uploaded.push(...uploads.map(({ key }) => key)), tell: (text) => void told.push(text),
  });
  return { ...engine, transfers, store, asked, uploaded, told };
}
const picked = (/** @type {string[]} */ ...names) => names.map((name) => ({ file: new File(["x"], name), name }));
const choose = (/** @type {ReturnType<typeof storeOf>} */ store, /** @type {string} */ testId) =>
  store.get().question?.choices.find((choice) => choice.testId === testId)?.run();

test("new names are sent at once, to the folder that is open", async () => {
  const { transfers, added, asked } = transfersOf(["old.txt"]);
  await transfers.add(picked("a.txt", "d/b.txt"));
  assert.deepEqual(added, [{ files: ["a.txt", "d/b.txt"], destination: HOME }]);
  assert.equal(asked.length, 0);
});

test("a name that exists is asked about before a byte is sent; replacing says so", async () => {
  const { transfers, store, added } = transfersOf(["a.txt"]);
  await transfers.add(picked("a.txt", "b.txt"));
  assert.deepEqual(store.get().question?.names, ["a.txt"]);
  assert.equal(added.length, 0);
  choose(store, "replace");
  assert.deepEqual(added, [{ files: ["a.txt", "b.txt"], destination: { ...HOME, ifExists: "replace" } }]);
});

test("skipping sends the others alone", async () => {
  const { transfers, store, added } = transfersOf(["a.txt"]);
  await transfers.add(picked("a.txt", "b.txt"));
  choose(store, "skip");
  assert.deepEqual(added, [{ files: ["b.txt"], destination: HOME }]);
});

test("where the list is not complete, the name itself is looked up, not its beginning", async () => {
  const { transfers, store, added } = transfersOf([], { cursor: "next", inS3: ["a.txt.bak", "b.txt", "d/x"] });
  await transfers.add(picked("a.txt"));
  assert.equal(added.length, 1);
  await transfers.add(picked("b.txt", "d/y"));
  assert.deepEqual(store.get().question?.names, ["b.txt", "d/"]);
});

/** @type {OpenUpload} */
const OPEN = {
  id: "up1", bucket: "uploads", key: "users/alice/d/big.bin", size: 1, type: "", fingerprint: null,
  part_size: 1, part_count: 1, created_at: "2025-06-15T11:00:00Z", expires_at: "2025-06-22T11:00:00Z",
};

test("an unfinished upload continues under its own name, whatever the file is called now", () => {
  const { transfers, added } = transfersOf([]);
  transfers.continueWith(OPEN, new File(["x"], "copy of big.bin"));
  assert.deepEqual(added, [{ files: ["d/big.bin"], destination: HOME }]);
});

test("a file of another size is not taken for it", () => {
  const { transfers, store, added } = transfersOf([]);
  transfers.continueWith(OPEN, new File(["xy"], "big.bin"));
  assert.equal(added.length, 0);
  assert.equal(store.get().failure?.message, "big.bin has 2 bytes; the upload that waits has 1 byte.");
});

test("an unfinished upload is discarded only when that is confirmed", async () => {
  const { transfers, store, asked } = transfersOf([], { open: [OPEN] });
  await transfers.findUnfinished();
  assert.deepEqual(store.get().unfinished, [OPEN]);
  transfers.askToDiscard(OPEN);
  assert.equal(asked.length, 0);
  choose(store, "confirm-discard");
  await new Promise(setImmediate);
  assert.deepEqual(asked.map(({ method, path }) => `${method} ${path}`), ["DELETE /v1/uploads/up1"]);
});

/** @param {UploadState} state @returns {UploadRow} */
const upload = (state) => ({
  id: "u1", name: "a", bucket: "uploads", key: "users/alice/a", size: 1, sent: 1, state, speed: 0, secondsLeft: null,
});

test("each upload's end is told once", () => {
  const { show, uploaded, told, total } = transfersOf([]);
  show({ uploads: [upload("sending")], total: { ...total, active: 1 } });
  show({ uploads: [upload("done")], total: { ...total, done: 1 } });
  show({ uploads: [upload("done")], total: { ...total, done: 1 } });
  assert.deepEqual(uploaded, ["users/alice/a"]);
  assert.deepEqual(told, ["1 upload done."]);
});

test("cancelling all is asked about first", () => {
  const { transfers, show, store, calls, total } = transfersOf([]);
  show({ uploads: [upload("sending")], total: { ...total, active: 1 } });
  transfers.askToCancelAll();
  assert.deepEqual(calls, []);
  choose(store, "confirm-cancel-all");
  assert.deepEqual(calls, ["cancelAll", "clearFinished"]);
});
