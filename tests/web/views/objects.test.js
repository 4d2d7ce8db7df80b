/** @import { Answer } from "./harness.js" */
/** @import { Row } from "../../../web/views/rows.js" */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Objects } from "../../../web/views/objects.js";
import { HOME, Refusal, brokerOf, storeOf } from "./harness.js";

/** @param {string} name @returns {Row} */
const file = (name) => ({ kind: "file", key: `users/alice/${name}`, name, size: 1500, modified: null });
const files = (/** @type {number} */ count) => Array.from({ length: count }, (_, index) => file(`f${index}`));

/** @param {Record<string, Answer>} answers */
function objectsOf(answers) {
  const store = storeOf();
  store.set({ place: HOME });
  const { broker, asked } = brokerOf(answers);
  /** @type {string[]} */
  const started = [];
  /** @type {string[]} */
  const removed = [];
  /** @type {string[]} */
  const told = [];
  /** @type {() => void} */
  let settle = () => {};
  const settled = new Promise((/** @type {(value: void) => void} */ resolve) => (settle = resolve));
  const objects = new Objects({
    broker, store, startDownload: async (url) => void started.push(url), removed: (_, keys) => void removed.push(...keys),
    settled: () => settle(), tell: (text) => void told.push(text),
  });
  /** Answers the question with its last choice. */
  const confirm = () => {
    store.get().question?.choices.at(-1)?.run();
    return settled;
  };
  return { objects, store, asked, started, removed, told, confirm };
}
/** @type {Answer} */
const deleteAll = ({ body }) => ({ results: body.keys.map((/** @type {string} */ key) => ({ key, deleted: true })) });

test("nothing is deleted before it is confirmed", () => {
  const { objects, store, asked } = objectsOf({});
  objects.askToDelete(files(2));
  assert.equal(store.get().question?.title, "Delete 2 files?");
  assert.match(store.get().question?.text ?? "", /^3\.0 kB\./);
  assert.equal(asked.length, 0);
});

for (const [count, sizes] of /** @type {[number, number[]][]} */ ([[1000, [1000]], [1001, [1000, 1]]])) {
  test(`${count} files are deleted in requests of ${sizes.join(" and ")}`, async () => {
    const { objects, asked, removed, told, confirm } = objectsOf({ "POST /v1/objects/delete": deleteAll });
    objects.askToDelete(files(count));
    await confirm();
    assert.deepEqual(asked.map(({ body }) => body.keys.length), sizes);
    assert.equal(removed.length, count);
    assert.deepEqual(told, [`${count.toLocaleString("en")} files deleted.`]);
  });
}

test("what was refused stays in the list and is named", async () => {
  const { objects, store, removed, told, confirm } = objectsOf({
    "POST /v1/objects/delete": () => ({
      results: [{ key: "users/alice/f0", deleted: true }, { key: "users/alice/f1", error: { code: "forbidden", status: 403, detail: "It is locked." } }],
    }),
  });
  objects.askToDelete(files(2));
  await confirm();
  assert.deepEqual(removed, ["users/alice/f0"]);
  assert.deepEqual(told, []);
  assert.equal(store.get().failure?.title, "1 of 2 files were not deleted");
  assert.equal(store.get().failure?.message, "f1: It is locked.");
});

test("a second request that fails does not hide what the first one deleted", async () => {
  let requests = 0;
  const { objects, store, removed, confirm } = objectsOf({
    "POST /v1/objects/delete": (asked) => (requests++ ? new Refusal(503, "s3_unavailable") : deleteAll(asked)),
  });
  objects.askToDelete(files(1001));
  await confirm();
  assert.equal(removed.length, 1000);
  assert.equal(store.get().failure?.title, "The files were not deleted");
  assert.equal(store.get().question, null);
});

/** @type {Answer} */
const signAll = ({ body }) => ({
  downloads: body.items.map((/** @type {{bucket: string, key: string}} */ item) => ({ ...item, url: `http://s3.test/${item.key}`, expires_at: "" })),
});
/** @type {Answer} */
const metadata = ({ query }) => ({
  bucket: query.get("bucket"), key: query.get("key"), size: 1, type: "", etag: "e", last_modified: "2025-01-01T00:00:00Z",
  version_id: null, cache_control: null, storage_class: null, metadata: {},
});

test("each download goes to its own signed address, as an attachment", async () => {
  const { objects, asked, started } = objectsOf({ "POST /v1/downloads": signAll, "GET /v1/objects/metadata": metadata });
  await objects.download(files(2));
  assert.equal(asked[0]?.body.disposition, "attachment");
  assert.deepEqual(started, ["http://s3.test/users/alice/f0", "http://s3.test/users/alice/f1"]);
});

test("a file that is gone is told, not navigated to; the others are downloaded", async () => {
  const { objects, store, started } = objectsOf({
    "POST /v1/downloads": signAll,
    "GET /v1/objects/metadata": (asked) => (asked.query.get("key") === "users/alice/f0" ? new Refusal(404, "not_found", "Not found") : metadata(asked)),
  });
  await objects.download(files(2));
  assert.deepEqual(started, ["http://s3.test/users/alice/f1"]);
  assert.equal(store.get().failure?.message, "f0: It is not there any more.");
});

test("what is deleted is what the question named, wherever the person is by then", async () => {
  const { objects, store, asked, confirm } = objectsOf({ "POST /v1/objects/delete": deleteAll });
  objects.askToDelete(files(1));
  store.set({ place: { bucket: "other", prefix: "" } });
  await confirm();
  assert.deepEqual(asked.map(({ body }) => body), [{ bucket: "uploads", keys: ["users/alice/f0"] }]);
});

test("a download that is refused says why", async () => {
  const { objects, store, started } = objectsOf({ "POST /v1/downloads": () => new Refusal(403, "forbidden", "No grant lets you read this.") });
  await objects.download(files(1));
  assert.deepEqual(started, []);
  assert.equal(store.get().failure?.message, "No grant lets you read this.");
});
