/**
 * Builds engines from real parts around a `FakeS3`, and waits for what they show.
 *
 * @import { TestContext } from "node:test"
 * @import { Destination, EngineOptions, EngineParts, FileLike, Snapshot, UploadRow } from "../../../web/client/types.d.ts"
 * @import { BrokerError } from "../../../web/client/errors.js"
 * @import { Seen } from "./fake-s3.js"
 */
import { randomBytes, webcrypto } from "node:crypto";
import { fetchTransport } from "../../../web/client/adapters/fetch.js";
import { memoryStore } from "../../../web/client/adapters/storage.js";
import { Broker } from "../../../web/client/broker.js";
import { UploadEngine } from "../../../web/client/engine.js";
import { FakeS3 } from "./fake-s3.js";

export const place = { bucket: "b", prefix: "users/alice/" };

/** A fake that ends with the test. @param {TestContext} t */
export async function fakeS3(t) {
  const fake = await FakeS3.start();
  t.after(() => fake.stop());
  return fake;
}

/**
 * Quick to try again; everything else as in a page.
 *
 * @param {FakeS3} fake
 * @param {Partial<EngineParts> & { onUnauthenticated?: (error: BrokerError) => void }} [others]
 */
export function makeEngine(fake, { options = {}, onUnauthenticated = () => {}, ...parts } = {}) {
  /** @type {Partial<EngineOptions>} */
  const quick = { backoffBase: 4, backoffCap: 16, notifyEvery: 1, fingerprintFrom: 1500 };
  return new UploadEngine({
    broker: new Broker({ fetch, baseUrl: fake.broker.url, onUnauthenticated }),
    transport: fetchTransport(fetch),
    store: memoryStore(),
    hash: (bytes) => webcrypto.subtle.digest("SHA-256", bytes),
    clock: () => performance.now(),
    random: Math.random,
    setTimer: (callback, milliseconds) => setTimeout(callback, milliseconds),
    clearTimer: (handle) => clearTimeout(/** @type {NodeJS.Timeout} */ (handle)),
    ...parts,
    options: { ...quick, ...options },
  });
}

/** @param {number} size */
export function randomFile(size) {
  return new Blob([randomBytes(size)]);
}

/**
 * @param {UploadEngine} engine
 * @param {Record<string, FileLike>} files  by name
 * @param {Destination} [destination]
 */
export function add(engine, files, destination = place) {
  return engine.add(Object.entries(files).map(([name, file]) => ({ name, file })), destination);
}

/**
 * Adds one file.
 *
 * @param {UploadEngine} engine
 * @param {string} name
 * @param {FileLike} file
 */
export function addOne(engine, name, file) {
  return String(add(engine, { [name]: file })[0]);
}

/**
 * The first snapshot for which the condition holds.
 *
 * @param {UploadEngine} engine
 * @param {(snapshot: Snapshot) => boolean} condition
 * @returns {Promise<Snapshot>}
 */
export function until(engine, condition) {
  return new Promise((resolve) => {
    const look = (/** @type {Snapshot} */ snapshot) => {
      if (!condition(snapshot)) return;
      unsubscribe();
      resolve(snapshot);
    };
    const unsubscribe = engine.subscribe(look);
    look(engine.snapshot());
  });
}

/** When nothing is under way any more. @param {UploadEngine} engine */
export function ended(engine) {
  return until(engine, ({ uploads }) => uploads.every(({ state }) => ["done", "failed", "cancelled"].includes(state)));
}

/**
 * @param {UploadEngine} engine
 * @param {string} id
 * @param {UploadRow["state"]} state
 */
export function reaches(engine, id, state) {
  return until(engine, () => row(engine, id).state === state);
}

/**
 * @param {UploadEngine} engine
 * @param {string} id
 */
export function row(engine, id) {
  return /** @type {UploadRow} */ (engine.snapshot().uploads.find((upload) => upload.id === id));
}

/**
 * Resolves when the fake has got a request that fits.
 *
 * @param {FakeS3} fake
 * @param {(seen: Seen) => boolean} fits
 * @returns {Promise<Seen>}
 */
export function whenSeen(fake, fits) {
  return new Promise((resolve) => {
    const before = fake.fault;
    fake.fault = (seen) => {
      if (fits(seen)) resolve(seen);
      return before(seen);
    };
  });
}

/**
 * True for the first `count` requests that fit.
 *
 * @param {number} count
 * @param {(seen: Seen) => boolean} fits
 */
export function firstTimes(count, fits) {
  let left = count;
  return (/** @type {Seen} */ seen) => fits(seen) && left-- > 0;
}

/** @param {Blob} file */
export async function bytesOf(file) {
  return Buffer.from(await file.arrayBuffer());
}

/** Part numbers in the order S3 saw them. @param {FakeS3} fake */
export function partsSent(fake) {
  return fake.seen("put").map(({ part }) => part);
}

/** @param {number} count */
export function numbers(count) {
  return Array.from({ length: count }, (_, index) => index + 1);
}

/** @param {number[]} values */
export function sorted(values) {
  return values.toSorted((a, b) => a - b);
}

/** Something to wait at until it is opened. */
export function gate() {
  let open = () => {};
  /** @type {Promise<void>} */
  const opened = new Promise((resolve) => { open = resolve; });
  return { opened, open };
}
