/**
 * What the engine shows: one immutable picture of all uploads, told to who listens
 * a few times a second at most.
 *
 * @import { Snapshot, Total, UploadRow } from "./types.d.ts"
 * @import { Timers } from "./timers.js"
 * @import { Upload } from "./upload.js"
 */

import { Speedometer, secondsLeft } from "./progress.js";

/** While something is on its way, speed and time left are told this often. Milliseconds. */
const TICK = 1_000;

export class Board {
  /** Of all uploads together. */
  speed = new Speedometer();
  #uploads;
  #timers;
  #every;
  /** @type {Set<(snapshot: Snapshot) => void>} */
  #listeners = new Set();
  /** Whether a notification of a change is due. */
  #due = false;
  /** Ends the wait for the next tick. */
  #cancelTick = () => {};
  /** The picture taken last; null when something changed since. @type {Snapshot | null} */
  #snapshot = null;

  /**
   * @param {{ uploads: ReadonlyMap<string, Upload>, timers: Timers, every: number }} parts
   *   `every`: least milliseconds between two notifications
   */
  constructor({ uploads, timers, every }) {
    this.#uploads = uploads;
    this.#timers = timers;
    this.#every = every;
  }

  changed() {
    this.#snapshot = null;
    if (this.#due || this.#listeners.size === 0) return;
    this.#due = true;
    this.#timers.after(this.#every, () => this.#notify());
  }

  /** @returns {Snapshot} */
  snapshot() {
    this.#snapshot ??= this.#take();
    return this.#snapshot;
  }

  /** @param {(snapshot: Snapshot) => void} listener */
  subscribe(listener) {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  #notify() {
    this.#due = false;
    this.#cancelTick();
    const snapshot = this.snapshot();
    for (const listener of this.#listeners) listener(snapshot);
    if (snapshot.total.active > 0) this.#cancelTick = this.#timers.after(TICK, () => this.#tick());
  }

  #tick() {
    this.#snapshot = null;
    this.#notify();
  }

  /** @returns {Snapshot} */
  #take() {
    const rows = Array.from(this.#uploads.values(), (upload) => upload.row());
    const total = totalOf(rows, this.speed.rate(this.#timers.now()));
    return Object.freeze({ uploads: Object.freeze(rows), total });
  }
}

/**
 * @param {UploadRow[]} rows
 * @param {number} speed
 * @returns {Total}
 */
function totalOf(rows, speed) {
  let size = 0, sent = 0, remaining = 0, active = 0, unfinished = 0, failed = 0, done = 0;
  for (const row of rows) {
    if (row.state === "cancelled") continue;
    if (row.state === "failed") { failed += 1; continue; }
    size += row.size;
    sent += row.sent;
    if (row.state === "done") { done += 1; continue; }
    unfinished += 1;
    if (row.state !== "paused") {
      active += 1;
      remaining += row.size - row.sent;
    }
  }
  return Object.freeze({ size, sent, speed, secondsLeft: secondsLeft(remaining, speed), active, unfinished, failed, done });
}
