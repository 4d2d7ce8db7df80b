/**
 * What every part of the engine works with: the things passed in, wrapped once.
 *
 * @import { EngineOptions, EngineParts, Online } from "./types.d.ts"
 * @import { Upload } from "./upload.js"
 */

/** @typedef {{ signal: AbortSignal, deadline: number }} Call */

import { Completer } from "./completer.js";
import { Patience, keepTrying } from "./retry.js";
import { ServerClock } from "./serverclock.js";
import { Slots } from "./slots.js";
import { Timers } from "./timers.js";

const MIB = 1024 * 1024;

/** @type {EngineOptions} */
const DEFAULTS = {
  concurrentFiles: 8,
  concurrentParts: 6, // a browser opens no more HTTP/1.1 connections to one host
  windowSize: 48,
  batchFiles: 100,
  batchBytes: 64 * MIB,
  fingerprintFrom: 5 * MIB, // the least part size S3 knows
  retries: 6,
  patience: 600_000,
  backoffBase: 1_000,
  backoffCap: 30_000,
  stall: 30_000,
  brokerDeadline: 60_000,
  expiryMargin: 10_000,
  restarts: 2,
  notifyEvery: 200,
};

/** @type {Online} */
const ALWAYS_ONLINE = { isOnline: () => true, onOnline: () => () => {} };

export class Tools {
  /** Ids of uploads this engine works on: none is taken up twice. @type {Set<string>} */
  taken = new Set();
  /** Whether S3 ever answered. */
  s3Answered = false;

  /** @param {EngineParts} parts */
  constructor(parts) {
    this.options = { ...DEFAULTS, ...parts.options };
    this.broker = parts.broker;
    this.transport = parts.transport;
    this.store = parts.store;
    this.hash = parts.hash;
    this.random = parts.random;
    this.locks = parts.locks ?? null;
    this.online = parts.online ?? ALWAYS_ONLINE;
    this.timers = new Timers(parts);
    this.serverClock = new ServerClock(() => this.timers.now());
    this.slots = new Slots(this.options.concurrentParts);
    this.completer = new Completer((ids) => this.once((call) => this.broker.completeUploads(ids, call)));
  }

  /** @param {{ expires_at: string }} target */
  expired(target) {
    return this.serverClock.expired(target.expires_at, this.options.expiryMargin);
  }

  /**
   * @param {Upload[]} uploads  that show what is waited for
   */
  patience(uploads) {
    const { timers, random, online, options: limits } = this;
    const onWait = (/** @type {unknown} */ error) => uploads.forEach((upload) => upload.waitFor(error));
    return new Patience({ timers, random, online, limits, onWait });
  }

  /**
   * One call to the broker, for as long as it may take.
   *
   * @template T
   * @param {(call: Call) => Promise<T>} operation
   * @param {AbortSignal} [signal]
   */
  once(operation, signal = new AbortController().signal) {
    return operation({ signal, deadline: this.options.brokerDeadline });
  }

  /**
   * Repeats an operation for as long as its failure may pass.
   *
   * @template T
   * @param {() => Promise<T>} operation
   * @param {{ upload: Upload, signal: AbortSignal }} work
   */
  patiently(operation, { upload, signal }) {
    return keepTrying(operation, this.patience([upload]), signal);
  }

  /**
   * A call to the broker that outlives its absence.
   *
   * @template T
   * @param {(call: Call) => Promise<T>} operation
   * @param {{ upload: Upload, signal: AbortSignal }} work
   */
  ask(operation, work) {
    return this.patiently(() => this.once(operation, work.signal), work);
  }
}
