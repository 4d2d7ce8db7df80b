import assert from "node:assert/strict";
import { test } from "node:test";
import { memoryStore } from "../../../web/client/adapters/storage.js";
import { problemOf } from "../../../web/client/errors.js";
import {
  addOne, bytesOf, ended, fakeS3, makeEngine, numbers, partsSent, place, randomFile, row, sorted, whenSeen,
} from "./harness.js";

const PART = 1000;

/**
 * An upload with three of ten parts in S3, as the broker lists it.
 *
 * @param {import("./fake-s3.js").FakeS3} fake
 * @param {Blob} file
 */
async function openOf(fake, file) {
  const engine = makeEngine(fake, { options: { concurrentParts: 1 } });
  const id = addOne(engine, "deep/big", file);
  await whenSeen(fake, ({ part }) => part === 4);
  engine.pause(id);
  fake.log.length = 0;
  const [open] = await makeEngine(fake).openUploads(place);
  return open ?? assert.fail();
}

test("the right file continues the upload under its own id, whatever its name is now", async (t) => {
  const fake = await fakeS3(t);
  const file = randomFile(10 * PART);
  const open = await openOf(fake, file);
  const engine = makeEngine(fake);
  const id = await engine.continueUpload(open, file);
  assert.deepEqual([row(engine, id).key, row(engine, id).name], ["users/alice/deep/big", "big"]);
  await ended(engine);
  assert.equal(row(engine, id).state, "done");
  assert.equal(fake.seen("create").length, 0);
  assert.deepEqual(new Set(fake.seen("put").map((seen) => seen.id)), new Set([open.id]));
  assert.ok(sorted(partsSent(fake)).every((part) => part > 2));
  assert.deepEqual(fake.objects.get("b/users/alice/deep/big"), await bytesOf(file));
});

for (const [what, change] of /** @type {[string, (bytes: Buffer) => Buffer][]} */ ([
  ["one byte less", (bytes) => bytes.subarray(1)],
  ["one byte more", (bytes) => Buffer.concat([bytes, Buffer.of(0)])],
  ["another last byte", (bytes) => Buffer.concat([bytes.subarray(0, -1), Buffer.of((bytes.at(-1) ?? 0) ^ 1)])],
])) {
  test(`a file with ${what} is another file: nothing is begun`, async (t) => {
    const fake = await fakeS3(t);
    const file = randomFile(10 * PART);
    const open = await openOf(fake, file);
    const engine = makeEngine(fake);
    fake.log.length = 0;
    const error = await engine.continueUpload(open, new Blob([new Uint8Array(change(await bytesOf(file)))])).catch((each) => each);
    const problem = { code: "another_file", message: "That is another file than the one whose upload was begun.", status: 0, requestId: null };
    assert.deepEqual(problemOf(error), problem);
    assert.equal(error.code, "another_file");
    assert.deepEqual([engine.snapshot().uploads, fake.log], [[], []]);
  });
}

for (const [where, parts, fingerprint] of /** @type {const} */ ([["here", { hash: null }, "f"], ["at its beginning", {}, null]])) {
  test(`where no fingerprint was taken ${where}, no file is believed to be the right one`, async (t) => {
    const fake = await fakeS3(t);
    const file = randomFile(10 * PART);
    const open = { ...await openOf(fake, file), fingerprint };
    await assert.rejects(makeEngine(fake, parts).continueUpload(open, file), { code: "another_file", message: /cannot be told/ });
  });
}

test("an upload that S3 forgot meanwhile is started anew, and says so", async (t) => {
  const fake = await fakeS3(t);
  const file = randomFile(10 * PART);
  const open = await openOf(fake, file);
  fake.forgetAll();
  const engine = makeEngine(fake);
  const id = await engine.continueUpload(open, file);
  await ended(engine);
  assert.equal(row(engine, id).notice, "The storage had forgotten this upload; it was started anew.");
  assert.deepEqual(sorted(partsSent(fake)), numbers(10));
  assert.deepEqual(fake.objects.get("b/users/alice/deep/big"), await bytesOf(file));
});

test("an upload that was finished meanwhile is done; a second one is never begun", async (t) => {
  const fake = await fakeS3(t);
  const file = randomFile(10 * PART);
  const open = await openOf(fake, file);
  const [one, two] = [makeEngine(fake), makeEngine(fake)];
  await one.continueUpload(open, file);
  await ended(one);
  fake.log.length = 0;
  const id = await two.continueUpload(open, file);
  await ended(two);
  assert.equal(row(two, id).state, "done");
  assert.deepEqual([fake.seen("create").length, partsSent(fake).length], [0, 0]);
});

test("to continue twice is one upload; a paused one goes on", async (t) => {
  const fake = await fakeS3(t);
  const file = randomFile(10 * PART);
  const open = await openOf(fake, file);
  const engine = makeEngine(fake);
  const id = await engine.continueUpload(open, file);
  engine.pause(id);
  assert.equal(await engine.continueUpload(open, file), id);
  await ended(engine);
  assert.deepEqual(engine.snapshot().uploads.map(({ state }) => state), ["done"]);
});

test("forget empties what this device remembers", async (t) => {
  const fake = await fakeS3(t);
  const store = memoryStore();
  const engine = makeEngine(fake, { store, options: { concurrentParts: 1 } });
  const second = whenSeen(fake, ({ part }) => part === 2);
  const id = addOne(engine, "big", randomFile(10 * PART));
  await second;
  engine.pause(id);
  assert.equal(store.list().length, 1);
  engine.forget();
  assert.deepEqual(store.list(), []);
});
