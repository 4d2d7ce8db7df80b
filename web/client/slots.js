/**
 * A bound on what runs at once. Who began first is served first, so that files finish one after
 * the other instead of all at the end.
 */

import { TransportError } from "./errors.js";
import { onAbort } from "./timers.js";

/** @typedef {{ rank: number, grant: () => void }} Waiting */

export class Slots {
  #free;
  /** Lowest rank first. @type {Waiting[]} */
  #waiting = [];

  /** @param {number} count */
  constructor(count) {
    this.#free = count;
  }

  /**
   * @template T
   * @param {{ rank: number, signal: AbortSignal }} place
   * @param {() => Promise<T>} operation
   */
  async use({ rank, signal }, operation) {
    await this.#take(rank, signal);
    try {
      return await operation();
    } finally {
      this.#give();
    }
  }

  /**
   * @param {number} rank
   * @param {AbortSignal} signal
   * @returns {Promise<void>}
   */
  #take(rank, signal) {
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(new TransportError("aborted"));
      if (this.#free > 0) {
        this.#free -= 1;
        return resolve();
      }
      const waiting = { rank, grant: () => { unlink(); resolve(); } };
      const unlink = onAbort(signal, () => {
        this.#waiting.splice(this.#waiting.indexOf(waiting), 1);
        reject(new TransportError("aborted"));
      });
      this.#insert(waiting);
    });
  }

  /** @param {Waiting} waiting */
  #insert(waiting) {
    const later = this.#waiting.findIndex((each) => each.rank > waiting.rank);
    this.#waiting.splice(later < 0 ? this.#waiting.length : later, 0, waiting);
  }

  #give() {
    const next = this.#waiting.shift();
    if (next) next.grant();
    else this.#free += 1;
  }
}
