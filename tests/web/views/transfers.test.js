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

test("where the storage can refuse, every upload asks it to, and only Replace does not", async () => {
  const { transfers, store, added, calls } = transfersOf(["a.txt"]);
  store.set({ writeOnce: true });
  await transfers.add(picked("b.txt"));
  await transfers.add(picked("a.txt"));
  choose(store, "replace");
  assert.deepEqual(added.map(({ destination }) => destination.ifExists), ["fail", "replace"]);
  transfers.replace("u1");
  assert.deepEqual(calls, ["retry u1 replace"]);
});

for (const [writeOnce, lookedUp] of /** @type {[boolean, number][]} */ ([[true, 100], [false, 121]])) {
  test(`of 121 names ${lookedUp} are looked up where the storage ${writeOnce ? "refuses" : "replaces"}`, async () => {
    const { transfers, store, asked } = transfersOf([], { cursor: "next" });
    store.set({ writeOnce });
    await transfers.add(picked(...Array.from({ length: 121 }, (_, index) => `f${index}`)));
    assert.equal(asked.length, lookedUp);
  });
}

/** @type {OpenUpload} */
const OPEN = {
  id: "up1", bucket: "uploads", key: "users/alice/d/big.bin", size: 1, type: "", fingerprint: null,
  part_size: 1, part_count: 1, created_at: "2025-06-15T11:00:00Z", expires_at: "2025-06-22T11:00:00Z",
};

test("an unfinished upload continues whatever the file is called now, and is never begun anew", async () => {
  const { transfers, added, calls } = transfersOf([]);
  await transfers.continueWith(OPEN, new File(["x"], "copy of big.bin"));
  assert.deepEqual(calls, ["continueUpload"]);
  assert.equal(added.length, 0);
});

test("another file is refused with a word to the person", async () => {
  const { transfers, store, added } = transfersOf([]);
  await transfers.continueWith(OPEN, new File(["xy"], "big.bin"));
  assert.equal(added.length, 0);
  assert.equal(store.get().failure?.code, "another_file");
  assert.equal(store.get().failure?.message, "That is another file.");
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

for (const [state, questions] of /** @type {[UploadState, number][]} */ ([["sending", 1], ["failed", 0], ["cancelled", 0]])) {
  test(`a name that an upload in the tray has, ${state}, is ${questions ? "" : "not "}asked about`, async () => {
    const { transfers, show, store, total } = transfersOf([]);
    show({ uploads: [upload(state)], total });
    await transfers.add(picked("a"));
    assert.equal(store.get().question ? 1 : 0, questions);
  });
}

test("unfinished uploads are asked for again only when one of them ended", async () => {
  const { transfers, show, calls, total } = transfersOf([], { open: [{ ...OPEN, key: "users/alice/a" }] });
  await transfers.findUnfinished();
  show({ uploads: [{ ...upload("done"), id: "u2", key: "users/alice/b" }], total });
  assert.deepEqual(calls, ["openUploads"]);
  show({ uploads: [upload("done")], total });
  assert.deepEqual(calls, ["openUploads", "openUploads"]);
});

test("however often they are asked for at once, it is twice: now, and once more afterwards", async () => {
  const { transfers, calls } = transfersOf([]);
  await Promise.all([transfers.findUnfinished(), transfers.findUnfinished(), transfers.findUnfinished()]);
  await new Promise(setImmediate);
  assert.deepEqual(calls, ["openUploads", "openUploads"]);
});

for (const [state, offer] of /** @type {["loading" | "ready", string][]} */ ([["loading", "early"], ["ready", "late"]])) {
  test(`an offer that finds the list ${state} comes ${offer}`, async () => {
    const { transfers, store } = transfersOf([], { open: [OPEN] });
    store.set({ listing: { ...store.get().listing, state } });
    await transfers.findUnfinished();
    assert.equal(store.get().offer, offer);
  });
}

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
  assert.deepEqual(calls, ["cancelAll"]);
});
