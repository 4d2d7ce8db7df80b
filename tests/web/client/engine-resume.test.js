/** @import { Locks, UploadStore } from "../../../web/client/types.d.ts" */
import assert from "node:assert/strict";
import { test } from "node:test";
import { memoryStore } from "../../../web/client/adapters/storage.js";
import {
  addOne, bytesOf, ended, fakeS3, gate, makeEngine, numbers, partsSent, place, randomFile, reaches, row, sorted, until, whenSeen,
} from "./harness.js";

const PART = 1000;

/**
 * Sends three of ten parts and stops, as a tab that is closed does.
 *
 * @param {import("./fake-s3.js").FakeS3} fake
 * @param {Blob} file
 * @param {UploadStore} store
 */
async function begun(fake, file, store) {
  const engine = makeEngine(fake, { store, options: { concurrentParts: 1 } });
  const fourth = whenSeen(fake, ({ part }) => part === 4);
  const never = gate();
  fake.delay = () => (fake.seen("put").length === 4 ? never.opened : Promise.resolve());
  const id = addOne(engine, "big", file);
  await fourth;
  engine.pause(id);
  fake.delay = async () => {};
  fake.log.length = 0;
}

/** Remembers nothing. @type {UploadStore} */
const blocked = { list: () => [], put: () => {}, remove: () => {} };

for (const [where, second] of /** @type {const} */ ([["this device remembers", undefined], ["only the broker knows", blocked]])) {
  test(`of an upload that ${where}, only the missing parts travel`, async (t) => {
    const fake = await fakeS3(t);
    const [file, store] = [randomFile(10 * PART - 1), memoryStore()];
    await begun(fake, file, store);
    const engine = makeEngine(fake, { store: second ?? store });
    const id = addOne(engine, "big", file);
    await ended(engine);
    assert.equal(row(engine, id).resumedParts, 3);
    assert.deepEqual(sorted(partsSent(fake)), numbers(10).slice(3));
    assert.equal(fake.seen("create").length, 0);
    assert.deepEqual(fake.objects.get("b/users/alice/big"), await bytesOf(file));
    assert.deepEqual((second ?? store).list(), []);
  });
}

test("a part of the wrong size counts as missing", async (t) => {
  const fake = await fakeS3(t);
  const [file, store] = [randomFile(10 * PART), memoryStore()];
  await begun(fake, file, store);
  [...fake.uploads.values()][0]?.parts.set(2, Buffer.alloc(PART - 1));
  const engine = makeEngine(fake, { store });
  const id = addOne(engine, "big", file);
  await ended(engine);
  assert.equal(row(engine, id).resumedParts, 2);
  assert.deepEqual(sorted(partsSent(fake)), [2, ...numbers(10).slice(3)]);
});

test("a file of the same name and size that was changed begins anew", async (t) => {
  const fake = await fakeS3(t);
  const [file, store] = [randomFile(10 * PART), memoryStore()];
  await begun(fake, file, store);
  const bytes = await bytesOf(file);
  bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
  const engine = makeEngine(fake, { store });
  const id = addOne(engine, "big", new Blob([bytes]));
  await ended(engine);
  assert.equal(row(engine, id).resumedParts, undefined);
  assert.deepEqual(sorted(partsSent(fake)), numbers(10));
  assert.deepEqual(fake.objects.get("b/users/alice/big"), bytes);
});

test("the same file under another name begins anew", async (t) => {
  const fake = await fakeS3(t);
  const [file, store] = [randomFile(10 * PART), memoryStore()];
  await begun(fake, file, store);
  const engine = makeEngine(fake, { store });
  addOne(engine, "other", file);
  await ended(engine);
  assert.equal(partsSent(fake).length, 10);
});

test("a remembered upload that is gone begins anew without a word, and is forgotten", async (t) => {
  const fake = await fakeS3(t);
  const [file, store] = [randomFile(10 * PART), memoryStore()];
  await begun(fake, file, store);
  fake.forgetAll();
  const engine = makeEngine(fake, { store });
  const id = addOne(engine, "big", file);
  await ended(engine);
  assert.equal(row(engine, id).state, "done");
  assert.equal(row(engine, id).notice, undefined);
  assert.deepEqual(store.list(), []);
});

test("a broker that will not list open uploads does not keep anyone from uploading", async (t) => {
  const fake = await fakeS3(t);
  fake.fault = ({ operation }) => (operation === "list" ? { status: 403 } : undefined);
  const engine = makeEngine(fake);
  const id = addOne(engine, "big", randomFile(5 * PART));
  await ended(engine);
  assert.equal(row(engine, id).state, "done");
});

test("the broker is asked for open uploads once per add, and not at all for small files", async (t) => {
  const fake = await fakeS3(t);
  const engine = makeEngine(fake);
  addOne(engine, "small", randomFile(10));
  await ended(engine);
  assert.equal(fake.seen("list").length, 0);
  engine.add(["a", "b", "c"].map((name) => ({ name, file: randomFile(3 * PART) })), place);
  await ended(engine);
  assert.equal(fake.seen("list").length, 1);
});

test("without a hash nothing is remembered, and everything still arrives", async (t) => {
  const fake = await fakeS3(t);
  const store = memoryStore();
  const engine = makeEngine(fake, { store, hash: null });
  const second = whenSeen(fake, ({ part }) => part === 2);
  const id = addOne(engine, "big", randomFile(5 * PART));
  await second;
  assert.deepEqual(store.list(), []);
  await reaches(engine, id, "done");
});

test("uploads that wait for their file are listed; those under way here are not", async (t) => {
  const fake = await fakeS3(t);
  const file = randomFile(10 * PART);
  await begun(fake, file, memoryStore());
  const engine = makeEngine(fake);
  const [open] = await engine.openUploads(place);
  assert.deepEqual([open?.key, open?.size], ["users/alice/big", 10 * PART]);
  addOne(engine, "big", file);
  await whenSeen(fake, ({ operation }) => operation === "get");
  assert.deepEqual(await engine.openUploads(place), []);
  await ended(engine);
});

test("of two tabs with the same file one sends it; the other waits and ends with the same object", async (t) => {
  const fake = await fakeS3(t);
  const [file, locks] = [randomFile(10 * PART), fakeLocks()];
  await begun(fake, file, memoryStore());
  const held = gate();
  fake.delay = () => held.opened;
  const [one, two] = [makeEngine(fake, { locks }), makeEngine(fake, { locks })];
  const first = addOne(one, "big", file);
  await whenSeen(fake, ({ operation }) => operation === "put");
  const second = addOne(two, "big", file);
  await until(two, () => row(two, second).notice === "Another tab or window is sending this file.");
  held.open();
  await Promise.all([reaches(one, first, "done"), reaches(two, second, "done")]);
  assert.deepEqual(sorted(partsSent(fake)), numbers(10).slice(3));
});

test("a tab that takes over sends only what the other one did not", async (t) => {
  const fake = await fakeS3(t);
  const [file, locks] = [randomFile(10 * PART), fakeLocks()];
  await begun(fake, file, memoryStore());
  const [one, two] = [makeEngine(fake, { locks, options: { concurrentParts: 1 } }), makeEngine(fake, { locks })];
  const seventh = whenSeen(fake, ({ part }) => part === 7);
  const never = gate();
  fake.delay = () => (fake.seen("put").at(-1)?.part === 7 ? never.opened : Promise.resolve());
  const first = addOne(one, "big", file);
  await seventh;
  fake.delay = async () => {};
  const second = addOne(two, "big", file);
  await until(two, () => row(two, second).notice !== undefined);
  one.pause(first);
  await reaches(two, second, "done");
  assert.equal(row(two, second).resumedParts, 6);
  assert.deepEqual(fake.objects.get("b/users/alice/big"), await bytesOf(file));
});

/**
 * Web Locks of one origin, as far as the engine uses them.
 *
 * @returns {Locks}
 */
function fakeLocks() {
  /** @type {Map<string, Promise<unknown>>} */
  const held = new Map();
  return {
    async request(name, { ifAvailable = false }, callback) {
      if (ifAvailable && held.has(name)) return callback(null);
      while (held.has(name)) await held.get(name);
      const work = callback({ name });
      held.set(name, work.catch(() => {}).then(() => held.delete(name)));
      return work;
    },
  };
}
