/** @import { UploadEngine } from "../../../web/client/engine.js" */
import assert from "node:assert/strict";
import { test } from "node:test";
import { problem } from "./fake-s3.js";
import {
  add, addOne, bytesOf, ended, fakeS3, gate, makeEngine, numbers, partsSent, randomFile, reaches, row, sorted, until, whenSeen,
} from "./harness.js";

const PART = 1000;

test("pause stops requests; resume goes on and sends no part again that had arrived", async (t) => {
  const fake = await fakeS3(t);
  const engine = makeEngine(fake, { options: { concurrentParts: 1 } });
  const file = randomFile(8 * PART);
  const fourth = whenSeen(fake, ({ part }) => part === 4);
  const held = gate();
  fake.delay = () => (fake.seen("put").length === 4 ? held.opened : Promise.resolve());
  const id = addOne(engine, "big", file);
  await fourth;
  engine.pause(id);
  assert.equal(row(engine, id).state, "paused");
  assert.equal(row(engine, id).sent, 3 * PART);
  const before = fake.log.length;
  const other = addOne(engine, "other", randomFile(10));
  await reaches(engine, other, "done");
  assert.deepEqual(fake.log.slice(before).filter((seen) => seen.part === 5), []);
  engine.resume(id);
  held.open();
  await reaches(engine, id, "done");
  assert.deepEqual(fake.objects.get("b/users/alice/big"), await bytesOf(file));
  assert.deepEqual(sorted([...new Set(partsSent(fake))]), numbers(8));
  assert.deepEqual(partsSent(fake).filter((part) => part < 4), [1, 2, 3, 1], "the last one is the other file");
});

test("a pause before anything is created, undone at once, loses nothing", async (t) => {
  const fake = await fakeS3(t);
  const engine = makeEngine(fake);
  const id = addOne(engine, "small", randomFile(10));
  engine.pause(id);
  engine.resume(id);
  await ended(engine);
  assert.equal(row(engine, id).state, "done");
  assert.equal(fake.seen("create").length, 1);
});

test("a pause while the broker is away and a resume later is no failure", async (t) => {
  const fake = await fakeS3(t);
  await fake.broker.close();
  const engine = makeEngine(fake);
  const id = addOne(engine, "small", randomFile(10));
  await until(engine, () => /^Waiting/.test(row(engine, id).notice ?? ""));
  engine.pause(id);
  engine.resume(id);
  await fake.broker.listen();
  await ended(engine);
  assert.equal(row(engine, id).state, "done");
});

test("cancel stops the upload and aborts it at the broker", async (t) => {
  const fake = await fakeS3(t);
  const engine = makeEngine(fake);
  const aborted = whenSeen(fake, ({ operation }) => operation === "abort");
  const third = whenSeen(fake, ({ part }) => part === 3);
  const id = addOne(engine, "big", randomFile(20 * PART));
  await third;
  engine.cancel(id);
  assert.equal(row(engine, id).state, "cancelled");
  assert.equal((await aborted).id, fake.seen("put")[0]?.id);
  assert.equal(fake.seen("complete").length, 0);
});

test("an upload cancelled while it is being created is aborted as soon as its id is known", async (t) => {
  const fake = await fakeS3(t);
  const engine = makeEngine(fake);
  const creating = whenSeen(fake, ({ operation }) => operation === "create");
  const aborted = whenSeen(fake, ({ operation }) => operation === "abort");
  const id = addOne(engine, "big", randomFile(5 * PART));
  await creating;
  engine.cancel(id);
  await aborted;
  assert.equal(row(engine, id).state, "cancelled");
  assert.equal(fake.seen("put").length, 0);
});

test("a cancel that comes too late shows what is true: done", async (t) => {
  const fake = await fakeS3(t);
  fake.fault = ({ operation }) => (operation === "abort" ? problem(409, "upload_complete") : undefined);
  const engine = makeEngine(fake);
  const third = whenSeen(fake, ({ part }) => part === 3);
  const id = addOne(engine, "big", randomFile(20 * PART));
  await third;
  engine.cancel(id);
  await reaches(engine, id, "done");
  assert.match(row(engine, id).notice ?? "", /complete before it could be cancelled/);
});

test("retry of a failed upload sends only what S3 does not have", async (t) => {
  const fake = await fakeS3(t);
  let broken = true;
  fake.fault = ({ operation, part }) => (broken && operation === "put" && part === 6 ? { status: 403 } : undefined);
  const engine = makeEngine(fake, { options: { concurrentParts: 1 } });
  const id = addOne(engine, "big", randomFile(8 * PART));
  await reaches(engine, id, "failed");
  assert.equal(row(engine, id).sent, 5 * PART);
  broken = false;
  engine.retry(id);
  assert.equal(row(engine, id).error, undefined);
  await reaches(engine, id, "done");
  assert.deepEqual(partsSent(fake), [1, 2, 3, 4, 5, 6, 6, 6, 7, 8]);
});

test("retry of a cancelled upload begins anew", async (t) => {
  const fake = await fakeS3(t);
  const engine = makeEngine(fake);
  const third = whenSeen(fake, ({ part }) => part === 3);
  const id = addOne(engine, "big", randomFile(9 * PART));
  await third;
  engine.cancel(id);
  engine.retry(id);
  await reaches(engine, id, "done");
  assert.equal(row(engine, id).sent, 9 * PART);
});

test("all at once: pause, resume, cancel; finished rows go when asked", async (t) => {
  const fake = await fakeS3(t);
  const engine = makeEngine(fake);
  const ids = add(engine, { a: randomFile(10), b: randomFile(5 * PART), c: randomFile(5 * PART) });
  engine.pauseAll();
  assert.deepEqual(ids.map((id) => row(engine, id).state), ["paused", "paused", "paused"]);
  assert.equal(engine.snapshot().total.active, 0);
  engine.resumeAll();
  await ended(engine);
  assert.equal(engine.snapshot().total.done, 3);
  const late = addOne(engine, "late", randomFile(10));
  engine.cancelAll();
  assert.deepEqual(ids.map((id) => row(engine, id).state), ["done", "done", "done"], "what is done stays done");
  assert.equal(row(engine, late).state, "cancelled");
  await cleared(engine);
});

test("a cancel that is under way keeps its row, and one that comes after the end says so", async (t) => {
  const fake = await fakeS3(t);
  fake.fault = ({ operation, id }) => {
    const upload = fake.uploads.get(id);
    if (operation === "complete" && upload) upload.state = "complete"; // though its answer never comes
    return operation === "complete" ? "hang" : undefined;
  };
  const engine = makeEngine(fake);
  const completing = whenSeen(fake, ({ operation }) => operation === "complete");
  const id = String(add(engine, { big: randomFile(5 * PART) }, { profile: "photos" })[0]);
  await completing;
  engine.cancel(id);
  engine.clearFinished();
  await reaches(engine, id, "done");
  assert.equal(row(engine, id).notice, "It was complete before it could be cancelled.");
  assert.equal(row(engine, id).key, "profile-photos/big", "the broker named it");
});

test("a small file that is complete all the same, says so", async (t) => {
  const fake = await fakeS3(t);
  const engine = makeEngine(fake);
  const completing = whenSeen(fake, ({ operation }) => operation === "completeMany");
  const id = addOne(engine, "small", randomFile(10));
  await completing;
  engine.cancel(id);
  engine.clearFinished();
  await reaches(engine, id, "done");
  assert.equal(row(engine, id).notice, "It was complete before it could be cancelled.");
  assert.equal(fake.seen("abort").length, 0);
});

test("an upload that another device finished during a pause is done, and no byte travels again", async (t) => {
  const fake = await fakeS3(t);
  const engine = makeEngine(fake, { options: { concurrentParts: 1 } });
  const file = randomFile(8 * PART);
  const id = addOne(engine, "big", file);
  const { id: ticket } = await whenSeen(fake, ({ part }) => part === 4);
  engine.pause(id);
  await finishElsewhere(fake, ticket, file);
  fake.log.length = 0;
  engine.resume(id);
  await ended(engine);
  assert.equal(row(engine, id).state, "done");
  assert.equal(row(engine, id).error, undefined);
  assert.deepEqual(partsSent(fake), []);
});

test("an upload that another device finishes while this one sends is done", async (t) => {
  const fake = await fakeS3(t);
  const engine = makeEngine(fake, { options: { concurrentParts: 1 } });
  const file = randomFile(8 * PART);
  const held = gate();
  fake.delay = () => held.opened;
  fake.fault = ({ id, operation }) => (
    operation === "put" && fake.uploads.get(id)?.state === "complete" ? { status: 404 } : undefined);
  const id = addOne(engine, "big", file);
  const { id: ticket } = await whenSeen(fake, ({ operation }) => operation === "put");
  await finishElsewhere(fake, ticket, file);
  held.open();
  await ended(engine);
  assert.equal(row(engine, id).state, "done");
  assert.equal(fake.seen("create").length, 1);
  assert.ok(partsSent(fake).length < 8);
});

test("a resume sends what vanished from S3 during the pause", async (t) => {
  const fake = await fakeS3(t);
  const engine = makeEngine(fake, { options: { concurrentParts: 1 } });
  const file = randomFile(8 * PART);
  const id = addOne(engine, "big", file);
  const { id: ticket } = await whenSeen(fake, ({ part }) => part === 4);
  engine.pause(id);
  fake.uploads.get(ticket)?.parts.delete(2);
  engine.resume(id);
  await ended(engine);
  assert.equal(partsSent(fake).filter((part) => part === 2).length, 2);
  assert.equal(fake.seen("complete").length, 1);
  assert.deepEqual(fake.objects.get("b/users/alice/big"), await bytesOf(file));
});

for (const [size, kind] of /** @type {const} */ ([[10, "small"], [5 * PART, "big"]])) {
  test(`a ${kind} upload that met an object can be retried with "replace"`, async (t) => {
    const fake = await fakeS3(t);
    let exists = true;
    fake.fault = ({ operation }) => (
      exists && operation.startsWith("complete") ? problem(409, "object_exists") : undefined);
    const engine = makeEngine(fake);
    const id = addOne(engine, "file", randomFile(size));
    await reaches(engine, id, "failed");
    exists = false;
    const aborted = whenSeen(fake, ({ operation }) => operation === "abort");
    engine.retry(id, { ifExists: "replace" });
    await reaches(engine, id, "done");
    assert.deepEqual(fake.seen("create").map(({ body }) => body.files[0].if_exists), [undefined, "replace"]);
    assert.equal((await aborted).id, fake.seen("put")[0]?.id);
  });
}

test("the wish to replace counts for an object in its place only", async (t) => {
  const fake = await fakeS3(t);
  let broken = true;
  fake.fault = ({ operation }) => (broken && operation === "create" ? problem(403, "forbidden") : undefined);
  const engine = makeEngine(fake);
  const id = addOne(engine, "small", randomFile(10));
  await reaches(engine, id, "failed");
  broken = false;
  engine.retry(id, { ifExists: "replace" });
  await reaches(engine, id, "done");
  assert.equal(fake.seen("create").at(-1)?.body.files[0].if_exists, undefined);
});

test("files are finished in the order they were added", async (t) => {
  const fake = await fakeS3(t);
  const engine = makeEngine(fake, { options: { concurrentParts: 2 } });
  add(engine, { a: randomFile(9 * PART), b: randomFile(9 * PART), c: randomFile(9 * PART) });
  await ended(engine);
  const completed = fake.seen("complete").map(({ id }) => fake.uploads.get(id)?.key.slice(-1));
  assert.deepEqual(completed, ["a", "b", "c"]);
});

test("who unsubscribes hears no more", async (t) => {
  const fake = await fakeS3(t);
  const engine = makeEngine(fake);
  let heard = 0;
  engine.subscribe(() => { heard += 1; })();
  addOne(engine, "small", randomFile(10));
  await ended(engine);
  assert.equal(heard, 0);
});

/**
 * What another tab or device does.
 *
 * @param {import("./fake-s3.js").FakeS3} fake
 * @param {string} id
 * @param {Blob} file
 */
async function finishElsewhere(fake, id, file) {
  const bytes = await bytesOf(file);
  const upload = fake.uploads.get(id) ?? assert.fail();
  for (const number of numbers(upload.partCount)) upload.parts.set(number, bytes.subarray((number - 1) * PART, number * PART));
  upload.state = "complete";
}

/** When nothing keeps a finished row any more. @param {UploadEngine} engine */
function cleared(engine) {
  return until(engine, () => {
    engine.clearFinished();
    return engine.snapshot().uploads.length === 0;
  });
}
