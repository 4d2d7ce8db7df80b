/** @import { PartTarget, Transport } from "../../../web/client/types.d.ts" */
import assert from "node:assert/strict";
import { test } from "node:test";
import { TransportError } from "../../../web/client/errors.js";
import { problem } from "./fake-s3.js";
import {
  add, addOne, bytesOf, ended, fakeS3, firstTimes, gate, makeEngine, numbers, partsSent, randomFile, reaches, row, sorted, until, whenSeen,
} from "./harness.js";

const PART = 1000;

test("a part whose URL S3 refuses is signed again, once, and arrives", async (t) => {
  const fake = await fakeS3(t);
  const signedAgain = () => fake.seen("sign").some(({ body }) => body.parts.some((/** @type {PartTarget} */ part) => part.part_number === 2));
  fake.fault = ({ operation, part }) => (operation === "put" && part === 2 && !signedAgain() ? { status: 403 } : undefined);
  const engine = makeEngine(fake);
  const file = randomFile(5 * PART);
  const id = addOne(engine, "big", file);
  await ended(engine);
  assert.equal(row(engine, id).state, "done");
  assert.deepEqual(fake.objects.get("b/users/alice/big"), await bytesOf(file));
  assert.equal(partsSent(fake).filter((part) => part === 2).length, 2);
});

test("a part that S3 refuses under a fresh URL, too, fails the upload with S3's status and code", async (t) => {
  const fake = await fakeS3(t);
  const body = "<Error><Code>InvalidAccessKeyId</Code></Error>";
  fake.fault = ({ operation, part }) => (operation === "put" && part === 2 ? { status: 403, body } : undefined);
  const engine = makeEngine(fake);
  const id = addOne(engine, "big", randomFile(5 * PART));
  await ended(engine);
  const { code, status, message } = row(engine, id).error ?? {};
  assert.deepEqual({ code, status }, { code: "s3", status: 403 });
  assert.match(message ?? "", /403 \(InvalidAccessKeyId\)/);
  assert.equal(partsSent(fake).filter((part) => part === 2).length, 2);
});

for (const [size, operation] of /** @type {const} */ ([[5 * PART, "sign"], [10, "target"]])) {
  test(`URLs that ran out in the queue are replaced by ${operation} before S3 ever sees them`, async (t) => {
    const fake = await fakeS3(t);
    fake.urlLife = 5_000; // inside the margin
    fake.fault = (seen) => {
      if (seen.operation === operation) fake.urlLife = 60_000;
      return undefined;
    };
    const engine = makeEngine(fake);
    const id = addOne(engine, "file", randomFile(size));
    await ended(engine);
    assert.equal(row(engine, id).state, "done");
    const signed = fake.seen(operation).flatMap(({ body }) => body.parts ?? [{ part_number: 1 }]);
    assert.deepEqual(sorted(signed.map((part) => part.part_number)), numbers(Math.ceil(size / PART)), "the first window, too");
    assert.deepEqual(sorted(partsSent(fake)), numbers(Math.ceil(size / PART)));
  });
}

test("a URL that runs out while its request waits for its turn is replaced", async (t) => {
  const fake = await fakeS3(t);
  let later = 0;
  const engine = makeEngine(fake, { clock: () => performance.now() + later, options: { concurrentParts: 1 } });
  const held = gate();
  fake.delay = () => held.opened;
  add(engine, { first: randomFile(10), second: randomFile(10) });
  await whenSeen(fake, ({ operation }) => operation === "put");
  await until(engine, ({ uploads }) => uploads[1]?.state === "sending");
  later = 3_600_000;
  held.open();
  await ended(engine);
  assert.equal(fake.seen("target").length, 1);
});

test("a clock that is a day wrong on this device changes nothing", async (t) => {
  const fake = await fakeS3(t);
  fake.skew = -86_400_000;
  const engine = makeEngine(fake);
  const id = addOne(engine, "small", randomFile(10));
  await ended(engine);
  assert.equal(row(engine, id).state, "done");
  assert.equal(fake.seen("target").length, 0);
});

test("a broker that goes away and comes back costs no upload, and no part is sent twice", async (t) => {
  const fake = await fakeS3(t);
  const engine = makeEngine(fake, { options: { windowSize: 2, concurrentParts: 2 } });
  const file = randomFile(20 * PART);
  const landed = whenSeen(fake, ({ part }) => part === 3);
  const id = addOne(engine, "big", file);
  await landed;
  await fake.broker.close();
  await until(engine, () => /^Waiting for the broker\./.test(row(engine, id).notice ?? ""));
  await fake.broker.listen();
  await ended(engine);
  assert.equal(row(engine, id).state, "done");
  assert.equal(row(engine, id).notice, undefined);
  assert.deepEqual(sorted(partsSent(fake)), numbers(20));
  assert.deepEqual(fake.objects.get("b/users/alice/big"), await bytesOf(file));
});

for (const operation of ["create", "completeMany"]) {
  test(`a ${operation} that is answered 503 is repeated`, async (t) => {
    const fake = await fakeS3(t);
    const busy = firstTimes(3, (seen) => seen.operation === operation);
    fake.fault = (seen) => (busy(seen) ? problem(503, "s3_unavailable") : undefined);
    const engine = makeEngine(fake);
    const id = addOne(engine, "small", randomFile(10));
    await ended(engine);
    assert.equal(row(engine, id).state, "done");
    assert.equal(fake.seen(operation).length, 4);
  });
}

test("a broker that takes a request and never answers is asked again", async (t) => {
  const fake = await fakeS3(t);
  const once = firstTimes(1, ({ operation }) => operation === "create");
  fake.fault = (seen) => (once(seen) ? "hang" : undefined);
  const engine = makeEngine(fake, { options: { brokerDeadline: 40 } });
  const id = addOne(engine, "small", randomFile(10));
  await ended(engine);
  assert.equal(row(engine, id).state, "done");
});

for (const fault of /** @type {const} */ (["cut", "hang"])) {
  test(`a part request that ends in "${fault}" is repeated alone`, async (t) => {
    const fake = await fakeS3(t);
    const once = firstTimes(1, ({ operation, part }) => operation === "put" && part === 3);
    fake.fault = (seen) => (once(seen) ? fault : undefined);
    const engine = makeEngine(fake, { options: { stall: 40 } });
    const id = addOne(engine, "big", randomFile(5 * PART));
    await ended(engine);
    assert.equal(row(engine, id).state, "done");
    assert.deepEqual(sorted(partsSent(fake)), [1, 2, 3, 3, 4, 5]);
  });
}

test("bursts of 5xx from S3 are waited out", async (t) => {
  const fake = await fakeS3(t);
  const burst = firstTimes(12, ({ operation }) => operation === "put");
  fake.fault = (seen) => (burst(seen) ? { status: 503 } : undefined);
  const engine = makeEngine(fake);
  const id = addOne(engine, "big", randomFile(8 * PART));
  await ended(engine);
  assert.equal(row(engine, id).state, "done");
  assert.equal(fake.seen("put").length, 20);
});

test("an upload that the storage forgot is started anew by itself, and says so", async (t) => {
  const fake = await fakeS3(t);
  const engine = makeEngine(fake, { options: { concurrentParts: 1 } });
  const file = randomFile(6 * PART);
  const id = addOne(engine, "big", file);
  await whenSeen(fake, ({ part }) => part === 3);
  fake.forgetAll();
  await ended(engine);
  assert.equal(row(engine, id).state, "done");
  assert.equal(row(engine, id).notice, "The storage had forgotten this upload; it was started anew.");
  assert.deepEqual(fake.objects.get("b/users/alice/big"), await bytesOf(file));
  assert.equal(fake.seen("create").length, 2);
});

test("an upload that is forgotten again and again fails after two new starts", async (t) => {
  const fake = await fakeS3(t);
  fake.fault = ({ operation, part }) => {
    if (operation === "put" && part === 2) fake.forgetAll();
    return undefined;
  };
  const engine = makeEngine(fake);
  const id = addOne(engine, "big", randomFile(6 * PART));
  await ended(engine);
  assert.equal(row(engine, id).error?.code, "upload_gone");
  assert.equal(fake.seen("create").length, 3);
});

test("a 404 of S3 for an upload that the broker still knows is no reason to start anew", async (t) => {
  const fake = await fakeS3(t);
  const once = firstTimes(1, ({ operation, part }) => operation === "put" && part === 2);
  fake.fault = (seen) => (once(seen) ? { status: 404 } : undefined);
  const engine = makeEngine(fake);
  const id = addOne(engine, "big", randomFile(5 * PART));
  await ended(engine);
  assert.equal(row(engine, id).state, "done");
  assert.equal(fake.seen("create").length, 1);
});

test("parts that are missing at the end are sent again, and only they", async (t) => {
  const fake = await fakeS3(t);
  const once = firstTimes(1, ({ operation }) => operation === "complete");
  fake.fault = (seen) => {
    if (once(seen)) for (const part of [2, 5]) fake.uploads.get(seen.id)?.parts.delete(part);
    return undefined;
  };
  const engine = makeEngine(fake);
  const id = addOne(engine, "big", randomFile(6 * PART));
  await ended(engine);
  assert.equal(row(engine, id).state, "done");
  assert.deepEqual(sorted(partsSent(fake)), [1, 2, 2, 3, 4, 5, 5, 6]);
});

for (const [size, operation] of /** @type {const} */ ([[10, "completeMany"], [5 * PART, "complete"]])) {
  test(`a ${operation} whose answer was lost is repeated, and nothing is sent twice`, async (t) => {
    const fake = await fakeS3(t);
    const once = firstTimes(1, (seen) => seen.operation === operation);
    fake.fault = (seen) => (once(seen) ? "lose" : undefined);
    const engine = makeEngine(fake);
    const id = addOne(engine, "file", randomFile(size));
    await ended(engine);
    assert.equal(row(engine, id).state, "done");
    assert.equal(fake.seen(operation).length, 2);
    assert.equal(fake.seen("put").length, Math.ceil(size / PART));
  });
}

test("a PUT that must not overwrite, got through and lost its answer, counts as sent", async (t) => {
  const fake = await fakeS3(t);
  const once = firstTimes(1, ({ operation }) => operation === "put");
  fake.fault = (seen) => (once(seen) ? "lose" : undefined);
  const engine = makeEngine(fake);
  const id = addOne(engine, "small", randomFile(10));
  await ended(engine);
  assert.equal(row(engine, id).state, "done");
  assert.equal(fake.seen("put").length, 2, "the second one met the first one's bytes: 412");
});

test("a PUT that meets somebody else's object fails and says so", async (t) => {
  const fake = await fakeS3(t);
  fake.fault = ({ operation }) => {
    if (operation === "put") return { status: 412 };
    return operation === "completeMany" ? problem(409, "object_replaced") : undefined;
  };
  const engine = makeEngine(fake);
  const id = addOne(engine, "small", randomFile(10));
  await ended(engine);
  assert.equal(row(engine, id).error?.code, "object_exists");
  assert.match(row(engine, id).error?.message ?? "", /exists already/);
});

test("a refusal of the broker fails the upload with its message and request id", async (t) => {
  const fake = await fakeS3(t);
  fake.fault = ({ operation }) => (operation === "sign" ? problem(403, "forbidden") : undefined);
  const engine = makeEngine(fake);
  const id = addOne(engine, "big", randomFile(5 * PART));
  await ended(engine);
  assert.deepEqual(row(engine, id).error, { code: "forbidden", message: "It is forbidden.", status: 403, requestId: "r-1" });
});

test("a missing sign-in pauses everything and tells; after it, all goes on", async (t) => {
  const fake = await fakeS3(t);
  let signedOut = true;
  fake.fault = ({ operation }) => (operation === "sign" && signedOut ? problem(401, "unauthenticated") : undefined);
  /** @type {string[]} */
  const told = [];
  const engine = makeEngine(fake, { onUnauthenticated: ({ code }) => told.push(code) });
  const held = addOne(engine, "held", randomFile(5 * PART));
  engine.pause(held);
  const ids = [addOne(engine, "big", randomFile(5 * PART)), addOne(engine, "big2", randomFile(5 * PART))];
  await until(engine, () => ids.every((id) => row(engine, id).pausedBy === "sign-in"));
  assert.ok(told.length > 0 && told.every((code) => code === "unauthenticated"));
  signedOut = false;
  engine.signedIn();
  await until(engine, () => ids.every((id) => row(engine, id).state === "done"));
  assert.equal(row(engine, held).pausedBy, "person", "what the person paused stays paused");
});

test("a missing sign-in while uploads are being created is nobody's failure", async (t) => {
  const fake = await fakeS3(t);
  let signedOut = true;
  fake.fault = ({ operation }) => (operation === "create" && signedOut ? problem(401, "unauthenticated") : undefined);
  const engine = makeEngine(fake);
  add(engine, { a: randomFile(10), b: randomFile(10) });
  const { uploads } = await until(engine, (snapshot) => snapshot.uploads.every(({ state }) => state === "paused"));
  assert.deepEqual(uploads.map(({ notice }) => notice), ["Sign in again to go on.", "Sign in again to go on."]);
  signedOut = false;
  engine.signedIn();
  assert.equal((await ended(engine)).total.done, 2);
});

test("an S3 that never answers this page fails after a few tries and names both possible causes", async (t) => {
  const fake = await fakeS3(t);
  await fake.s3.close();
  const engine = makeEngine(fake, { options: { retries: 2 } });
  const id = addOne(engine, "small", randomFile(10));
  await ended(engine);
  await fake.s3.listen();
  assert.match(row(engine, id).error?.message ?? "", /network is down, or the bucket's CORS rules/);
  engine.retry(id);
  await reaches(engine, id, "done");
});

test("an S3 that answered before may be away for long", async (t) => {
  const fake = await fakeS3(t);
  const engine = makeEngine(fake, { options: { retries: 1, concurrentParts: 1 } });
  const second = whenSeen(fake, ({ part }) => part === 2);
  const id = addOne(engine, "big", randomFile(9 * PART));
  await second;
  await fake.s3.close();
  let waits = 0;
  await until(engine, () => /^Waiting for S3\./.test(row(engine, id).notice ?? "") && ++waits > 5);
  await fake.s3.listen();
  await ended(engine);
  assert.equal(row(engine, id).state, "done");
});

test("a file that was changed on disk fails with words that say so, not as a network error", async (t) => {
  const fake = await fakeS3(t);
  /** @type {Transport} */
  const broken = { reportsProgress: true, send: () => Promise.reject(new TransportError("network")) };
  const gone = () => Promise.reject(new DOMException("", "NotReadableError"));
  const file = { size: 10, type: "", slice: () => Object.assign(new Blob(["0123456789"]), { arrayBuffer: gone }) };
  const engine = makeEngine(fake, { transport: broken });
  const id = addOne(engine, "changed", file);
  await ended(engine);
  assert.equal(row(engine, id).error?.code, "file");
});
