/**
 * Waiting, with a clock that is passed in and a signal that ends it.
 *
 * @import { TimerHandle } from "./types.d.ts"
 */

import { TransportError } from "./errors.js";

/**
 * @typedef {{ clock: () => number, setTimer: (callback: () => void, milliseconds: number) => TimerHandle,
 *   clearTimer: (handle: TimerHandle) => void }} TimerParts
 */

export class Timers {
  #parts;

  /** @param {TimerParts} parts */
  constructor({ clock, setTimer, clearTimer }) {
    this.#parts = { clock, setTimer, clearTimer };
  }

  /** Monotonic milliseconds. */
  now() {
    const { clock } = this.#parts;
    return clock();
  }

  /**
   * @param {number} milliseconds
   * @param {() => void} callback
   * @returns {() => void}  cancels it
   */
  after(milliseconds, callback) {
    const { setTimer, clearTimer } = this.#parts;
    const handle = setTimer(callback, milliseconds);
    return () => clearTimer(handle);
  }

  /**
   * Rejects with an `aborted` error when the signal comes first.
   *
   * @param {number} milliseconds
   * @param {AbortSignal} signal
   * @param {(listener: () => void) => () => void} onWake  tells what ends the sleep early; its answer ends that
   * @returns {Promise<void>}
   */
  sleep(milliseconds, signal, onWake) {
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(new TransportError("aborted"));
      const end = (/** @type {() => void} */ settle) => {
        for (const undo of [cancel, unlink, unlisten]) undo();
        settle();
      };
      const cancel = this.after(milliseconds, () => end(resolve));
      const unlink = onAbort(signal, () => end(() => reject(new TransportError("aborted"))));
      const unlisten = onWake(() => end(resolve));
    });
  }

  /**
   * Aborts the operation when it neither ends nor extends its time; the error is then `stalled`.
   *
   * @template T
   * @param {(signal: AbortSignal, extend: (milliseconds: number) => void) => Promise<T>} operation
   * @param {{ signal: AbortSignal, limit: number, where: "broker" | "s3" }} bounds  `limit` in milliseconds
   */
  async within(operation, { signal, limit, where }) {
    const own = new AbortController();
    const unlink = onAbort(signal, () => own.abort());
    let stalled = false;
    let over = false;
    const giveUp = () => {
      stalled = true;
      own.abort();
    };
    let cancel = this.after(limit, giveUp);
    try {
      return await operation(own.signal, (milliseconds) => {
        cancel();
        if (!over) cancel = this.after(milliseconds, giveUp);
      });
    } catch (error) {
      throw stalled ? new TransportError("stalled", { where, cause: error }) : error;
    } finally {
      over = true;
      cancel();
      unlink();
    }
  }
}

/**
 * Calls back at once when the signal is aborted already.
 *
 * @param {AbortSignal} signal
 * @param {() => void} callback
 * @returns {() => void}  unlinks it
 */
export function onAbort(signal, callback) {
  if (signal.aborted) {
    callback();
    return () => {};
  }
  signal.addEventListener("abort", callback, { once: true });
  return () => signal.removeEventListener("abort", callback);
}

/**
 * Aborted once all of them are.
 *
 * @param {AbortSignal[]} signals
 */
export function allAborted(signals) {
  const all = new AbortController();
  let left = signals.length;
  for (const signal of signals) {
    onAbort(signal, () => {
      left -= 1;
      if (left === 0) all.abort();
    });
  }
  return all.signal;
}

/**
 * Several tasks on one job. The first that fails stops the others, and its error is thrown
 * once all have ended.
 *
 * @param {AbortSignal} signal
 * @param {(signal: AbortSignal) => Promise<void>[]} start
 */
export async function together(signal, start) {
  const own = new AbortController();
  const unlink = onAbort(signal, () => own.abort());
  /** @type {unknown[]} */
  const failures = [];
  const fail = (/** @type {unknown} */ error) => {
    failures.push(error);
    own.abort();
  };
  await Promise.all(start(own.signal).map((task) => task.catch(fail)));
  unlink();
  if (failures.length > 0) throw failures[0];
}
