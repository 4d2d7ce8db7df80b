/** A clock that moves when it is told to. Timers fire in order, and what they set off runs before the next. */
import { setImmediate as turn } from "node:timers/promises";

export class ManualClock {
  #now = 0;
  /** @type {Set<{ at: number, callback: () => void }>} */
  #timers = new Set();

  clock = () => this.#now;

  /** @param {() => void} callback @param {number} milliseconds */
  setTimer = (callback, milliseconds) => {
    const timer = { at: this.#now + milliseconds, callback };
    this.#timers.add(timer);
    return timer;
  };

  /** @param {unknown} timer */
  clearTimer = (timer) => {
    this.#timers.delete(/** @type {any} */ (timer));
  };

  get pending() {
    return this.#timers.size;
  }

  /** @param {number} milliseconds */
  async pass(milliseconds) {
    const end = this.#now + milliseconds;
    await turn();
    for (let next = this.#next(end); next; next = this.#next(end)) {
      this.#timers.delete(next);
      this.#now = next.at;
      next.callback();
      await turn();
    }
    this.#now = end;
  }

  /** @param {number} end */
  #next(end) {
    return [...this.#timers].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
  }
}
