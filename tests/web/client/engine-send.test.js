/** @import { FileRequest } from "../../../web/client/types.d.ts" */
import assert from "node:assert/strict";
import { test } from "node:test";
import { problem } from "./fake-s3.js";
import {
  add, addOne, bytesOf, ended, fakeS3, firstTimes, gate, makeEngine, numbers, partsSent, randomFile, reaches, row, sorted,
} from "./harness.js";

test("a small file travels by one PUT and arrives byte for byte", async (t) => {
  const fake = await fakeS3(t);
  const engine = makeEngine(fake);
  const file = randomFile(1234);
  const id = addOne(engine, "a.bin", file);
  await ended(engine);
  assert.equal(row(engine, id).state, "done");
  assert.deepEqual(fake.objects.get("b/users/alice/a.bin"), await bytesOf(file));
  assert.equal(fake.seen("put").length, 1);
});

test("an empty file arrives, too", async (t) => {
  const fake = await fakeS3(t);
  const engine = makeEngine(fake);
  add(engine, { empty: new Blob([]) });
  await ended(engine);
  assert.equal(fake.objects.get("b/users/alice/empty")?.length, 0);
});

for (const size of [1999, 2000, 2001, 2999, 3000, 3001, 25_000]) {
  test(`a file of ${size} bytes arrives byte for byte, each part once`, async (t) => {
    const fake = await fakeS3(t);
    const engine = makeEngine(fake, { options: { windowSize: 4 } });
    const file = randomFile(size);
    add(engine, { "dir/big.bin": file });
    await ended(engine);
    assert.deepEqual(fake.objects.get("b/users/alice/dir/big.bin"), await bytesOf(file));
    const count = size < 2000 ? 1 : Math.ceil(size / 1000);
    assert.deepEqual(sorted(partsSent(fake)), numbers(count));
  });
}

test("part URLs are asked for in windows, just ahead of their use", async (t) => {
  const fake = await fakeS3(t);
  const engine = makeEngine(fake, { options: { windowSize: 4 } });
  add(engine, { big: randomFile(20_000) });
  await ended(engine);
  const windows = fake.seen("sign").map(({ body }) => body.parts.length);
  assert.equal(windows.reduce((sum, length) => sum + length, 0), 18, "all but the first window of 2");
  assert.ok(windows.every((length) => length <= 4), `${windows}`);
});

test("files are created at most 100 to a request", async (t) => {
  const fake = await fakeS3(t);
  const engine = makeEngine(fake);
  const files = Object.fromEntries(numbers(250).map((number) => [`f${number}`, randomFile(10)]));
  add(engine, files);
  const { total } = await ended(engine);
  assert.equal(total.done, 250);
  assert.deepEqual(fake.seen("create").map(({ body }) => body.files.length), [100, 100, 50]);
  assert.ok(fake.seen("completeMany").length < 250, "completes share requests");
});

test("a create request takes no more files past its bytes", async (t) => {
  const fake = await fakeS3(t);
  const engine = makeEngine(fake, { options: { batchBytes: 1000 } });
  add(engine, { a: randomFile(600), b: randomFile(400), c: randomFile(1), d: randomFile(1000) });
  await ended(engine);
  assert.deepEqual(fake.seen("create").map(({ body }) => body.files.map(nameOf)), [["a", "b"], ["c"], ["d"]]);
});

test("files for different places are created in requests of their own", async (t) => {
  const fake = await fakeS3(t);
  const engine = makeEngine(fake);
  const prefixes = ["x/", "y/", "z/"];
  for (const prefix of prefixes) engine.add([{ name: "f", file: randomFile(10) }], { bucket: "b", prefix });
  await ended(engine);
  assert.deepEqual([...fake.objects.keys()].sort(), ["b/x/f", "b/y/f", "b/z/f"]);
});

test("a file that the broker's answer leaves out fails, and is not waited for", async (t) => {
  const fake = await fakeS3(t);
  const body = JSON.stringify({ server_time: "2031-01-01T00:00:00Z", uploads: [] });
  fake.fault = ({ operation }) => (operation === "create" ? { status: 201, body } : undefined);
  const engine = makeEngine(fake);
  const id = addOne(engine, "a", randomFile(10));
  await ended(engine);
  assert.equal(row(engine, id).error?.code, "unreadable_answer");
});

test("an item that the broker refuses fails alone, with the broker's words", async (t) => {
  const fake = await fakeS3(t);
  const engine = makeEngine(fake);
  add(engine, { one: randomFile(5), "refused?": randomFile(5), three: randomFile(5) });
  const { total, uploads } = await ended(engine);
  assert.deepEqual(uploads.map(({ state }) => state), ["done", "failed", "done"]);
  assert.deepEqual(uploads[1]?.error, { code: "invalid_key", message: "This name is refused.", status: 422, requestId: null });
  assert.equal(total.failed, 1);
  assert.equal(total.size, 10, "failed bytes are not counted");
});

test("where every item is refused, each has its own reason", async (t) => {
  const fake = await fakeS3(t);
  const errors = ["a", "b"].map((name) => ({ code: `no_${name}`, status: 403, detail: `Not ${name}.` }));
  fake.fault = ({ operation, body }) => operation !== "create" ? undefined : problem(403, "no_a", {
    uploads: body.files.map((/** @type {FileRequest} */ { client_id }, /** @type {number} */ index) => ({ client_id, error: errors[index] })),
  });
  const engine = makeEngine(fake);
  add(engine, { a: randomFile(5), b: randomFile(5) });
  const { uploads } = await ended(engine);
  assert.deepEqual(uploads.map(({ error }) => error?.message), ["Not a.", "Not b."]);
});

test("an item refused for now only is asked for again, its neighbours are not", async (t) => {
  const fake = await fakeS3(t);
  const busy = { code: "s3_unavailable", status: 503, detail: "S3 does not answer." };
  const first = firstTimes(1, ({ operation }) => operation === "create");
  fake.fault = (seen) => (first(seen) ? problem(503, "s3_unavailable", {
    uploads: seen.body.files.map((/** @type {FileRequest} */ { client_id }) => ({ client_id, error: busy })),
  }) : undefined);
  const engine = makeEngine(fake);
  add(engine, { a: randomFile(5), "refused?": randomFile(5) });
  const { uploads } = await ended(engine);
  assert.deepEqual(uploads.map(({ state }) => state), ["done", "failed"]);
  assert.equal(fake.seen("create").length, 2);
});

test("a file that makes the whole request malformed fails alone", async (t) => {
  const fake = await fakeS3(t);
  fake.fault = ({ operation, body }) => operation === "create" && body.files.some(named("odd"))
    ? problem(422, "invalid_request") : undefined;
  const engine = makeEngine(fake);
  const ids = add(engine, { a: randomFile(5), b: randomFile(5), odd: randomFile(5), d: randomFile(5), e: randomFile(5) });
  await ended(engine);
  assert.deepEqual(ids.map((id) => row(engine, id).state), ["done", "done", "failed", "done", "done"]);
});

test("never more requests at S3 than allowed, over all files together", async (t) => {
  const fake = await fakeS3(t);
  const crowd = gate();
  fake.delay = () => {
    if (fake.inFlight === 3) crowd.open();
    return crowd.opened;
  };
  const engine = makeEngine(fake, { options: { concurrentParts: 3 } });
  add(engine, { a: randomFile(9000), b: randomFile(9000), c: randomFile(9000), d: randomFile(10) });
  await ended(engine);
  assert.equal(fake.mostInFlight, 3);
});

test("no slice larger than a part is ever taken of a file, and none is read whole", async (t) => {
  const fake = await fakeS3(t);
  fake.partSize = 5 * 1024 * 1024;
  const file = new Blob([new Uint8Array(23 * 1024 * 1024)]);
  /** @type {number[]} */
  const slices = [];
  const spied = {
    size: file.size, type: "",
    slice: (start = 0, end = 0) => {
      slices.push(end - start);
      return file.slice(start, end);
    },
  };
  const engine = makeEngine(fake);
  const id = addOne(engine, "big", spied);
  await ended(engine);
  assert.equal(row(engine, id).state, "done");
  assert.equal(Math.max(...slices), fake.partSize);
  assert.equal(slices.reduce((sum, size) => sum + size, 0), file.size + 2 * 1024 * 1024, "each byte once, and two MiB for the fingerprint");
});

test("what is shown as sent never falls, also when parts must go again", async (t) => {
  const fake = await fakeS3(t);
  let count = 0;
  fake.fault = ({ operation }) => (operation === "put" && ++count % 3 === 0 ? { status: 503 } : undefined);
  const engine = makeEngine(fake);
  /** @type {number[]} */
  const shown = [];
  engine.subscribe(({ uploads }) => shown.push(...uploads.map(({ sent }) => sent)));
  add(engine, { big: randomFile(20_000) });
  await ended(engine);
  assert.deepEqual(shown, sorted(shown));
  assert.equal(shown.at(-1), 20_000);
});

test("a snapshot is frozen, and stays the same object until something changes", async (t) => {
  const fake = await fakeS3(t);
  const engine = makeEngine(fake);
  const id = addOne(engine, "a", randomFile(5));
  const before = engine.snapshot();
  for (const part of [before, before.uploads, before.total, ...before.uploads]) assert.ok(Object.isFrozen(part));
  await reaches(engine, id, "done");
  assert.notEqual(engine.snapshot(), before);
  assert.equal(engine.snapshot(), engine.snapshot());
});

test("a profile decides bucket and key, which the row shows once they are known", async (t) => {
  const fake = await fakeS3(t);
  const engine = makeEngine(fake);
  engine.add([{ name: "me.png", file: randomFile(5) }], { profile: "avatar", ifExists: "fail" });
  assert.equal(engine.snapshot().uploads[0]?.key, "");
  await ended(engine);
  assert.equal(engine.snapshot().uploads[0]?.key, "profile-avatar/me.png");
  const { files, ...rest } = fake.seen("create")[0]?.body;
  assert.deepEqual(rest, { profile: "avatar" });
  assert.equal(files[0].if_exists, "fail");
});

/** @param {string} wanted */
function named(wanted) {
  return (/** @type {FileRequest} */ { name }) => name === wanted;
}

/** @param {FileRequest} file */
function nameOf({ name }) {
  return name;
}
