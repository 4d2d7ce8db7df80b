import assert from "node:assert/strict";
import { test } from "node:test";
import { memoryStore, storageStore } from "../../../web/client/adapters/storage.js";

/** @param {string} id @param {string} [createdAt] */
function entry(id, createdAt = "2031-01-01T00:00:00Z") {
  return { id, bucket: "b", key: `k/${id}`, name: id, size: 5, fingerprint: "f", createdAt };
}

/** `localStorage` as the standard describes it. @returns {Storage} */
function fakeStorage() {
  /** @type {Map<string, string>} */
  const items = new Map();
  return {
    get length() { return items.size; },
    key: (index) => [...items.keys()][index] ?? null,
    getItem: (key) => items.get(key) ?? null,
    setItem: (key, value) => void items.set(key, value),
    removeItem: (key) => void items.delete(key),
    clear: () => items.clear(),
  };
}

const storage = fakeStorage();
for (const [name, store] of Object.entries({ storageStore: storageStore(() => storage), memoryStore: memoryStore() })) {
  test(`${name} gives back what it was given, until it is removed`, () => {
    store.put(entry("a"));
    store.put(entry("b"));
    store.put({ ...entry("a"), size: 6 });
    assert.deepEqual(store.list().map(({ id, size }) => [id, size]).sort(), [["a", 6], ["b", 5]]);
    store.remove("a");
    assert.deepEqual(store.list(), [entry("b")]);
  });
}

test("two stores over one storage see each other's entries", () => {
  const shared = fakeStorage();
  storageStore(() => shared).put(entry("a"));
  storageStore(() => shared).put(entry("b"));
  assert.equal(storageStore(() => shared).list().length, 2);
});

test("a blocked storage remembers nothing and throws nothing", () => {
  const store = storageStore(() => { throw new DOMException("", "SecurityError"); });
  store.put(entry("a"));
  store.remove("a");
  assert.deepEqual(store.list(), []);
});

test("a full storage remembers nothing and throws nothing", () => {
  const full = { ...fakeStorage(), setItem: () => { throw new DOMException("", "QuotaExceededError"); } };
  const store = storageStore(() => full);
  store.put(entry("a"));
  assert.deepEqual(store.list(), []);
});

test("damaged and foreign entries are passed over", () => {
  const mixed = fakeStorage();
  const store = storageStore(() => mixed);
  store.put(entry("a"));
  mixed.setItem("presign-broker.upload.x", "{");
  mixed.setItem("presign-broker.upload.y", "null");
  mixed.setItem("presign-broker.upload.z", JSON.stringify({ ...entry("z"), size: "5" }));
  mixed.setItem("theme", "dark");
  assert.deepEqual(store.list(), [entry("a")]);
});

test("of very many entries the oldest go", () => {
  const store = storageStore(fakeStorageOnce());
  for (let index = 0; index < 502; index += 1) store.put(entry(`${index}`, `2031-01-01T00:00:00.${String(index).padStart(3, "0")}Z`));
  const ids = store.list().map(({ id }) => id);
  assert.equal(ids.length, 500);
  assert.ok(!ids.includes("0") && !ids.includes("1") && ids.includes("2") && ids.includes("501"));
});

function fakeStorageOnce() {
  const one = fakeStorage();
  return () => one;
}
