/** Builds engines from real parts around a `FakeS3`, and waits for what they show. */
import { randomBytes, webcrypto } from "node:crypto";
import { fetchTransport } from "../../../web/client/adapters/fetch.js";
import { memoryStore } from "../../../web/client/adapters/storage.js";
import { Broker } from "../../../web/client/broker.js";
import { UploadEngine } from "../../../web/client/engine.js";
import { FakeS3 } from "./fake-s3.js";

export const place = { bucket: "b", prefix: "users/alice/" };

/** A fake that ends with the test. */
export async function fakeS3(t) {
  const fake = await FakeS3.start();
  t.after(() => fake.stop());
  return fake;
}

/** Quick to try again; everything else as in a page. */
export function makeEngine(fake, { options = {}, onUnauthenticated = () => {}, ...parts } = {}) {
  const broker = new Broker({ fetch, baseUrl: fake.broker.url, onUnauthenticated });
  return new UploadEngine({
    broker,
    transport: fetchTransport(fetch),
    store: memoryStore(),
    hash: (bytes) => webcrypto.subtle.digest("SHA-256", bytes),
    clock: () => performance.now(),
    random: Math.random,
    setTimer: setTimeout,
    clearTimer: clearTimeout,
    ...parts,
    options: { backoffBase: 4, backoffCap: 16, notifyEvery: 1, fingerprintFrom: 1500, ...options },
  });
}

export function randomFile(size) {
  return new Blob([randomBytes(size)]);
}

/** Adds files to `place`. */
export function add(engine, files, destination = place) {
  return engine.add(Object.entries(files).map(([name, file]) => ({ name, file })), destination);
}

/** The first snapshot for which the condition holds. */
export function until(engine, condition) {
  return new Promise((resolve) => {
    const look = (snapshot) => {
      if (!condition(snapshot)) return;
      unsubscribe();
      resolve(snapshot);
    };
    const unsubscribe = engine.subscribe(look);
    look(engine.snapshot());
  });
}

/** When nothing is under way any more. */
export function ended(engine) {
  return until(engine, ({ uploads }) => uploads.every(({ state }) => ["done", "failed", "cancelled"].includes(state)));
}

export function row(engine, id) {
  return engine.snapshot().uploads.find((upload) => upload.id === id);
}

/** Resolves when the fake has seen enough of something. */
export function whenSeen(fake, condition) {
  return new Promise((resolve) => {
    const before = fake.fault;
    fake.fault = (seen) => {
      const fault = before(seen);
      if (condition(seen)) resolve(seen);
      return fault;
    };
  });
}

/** True for the first `count` requests that fit. */
export function firstTimes(count, fits) {
  let left = count;
  return (seen) => fits(seen) && left-- > 0;
}

export async function bytesOf(file) {
  return Buffer.from(await file.arrayBuffer());
}

/** Part numbers in the order S3 saw them. */
export function partsSent(fake) {
  return fake.seen("put").map(({ part }) => part);
}

export function numbers(count) {
  return Array.from({ length: count }, (_, index) => index + 1);
}

/** Something to wait at until it is opened. */
export function gate() {
  let open = () => {};
  const opened = new Promise((resolve) => { open = () => resolve(undefined); });
  return { opened, open };
}
