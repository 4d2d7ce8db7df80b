/**
 * Which part goes next, and under which URL. URLs are signed a window at a time, shortly before
 * they are used: at most two windows of them exist at once, however many parts there are.
 *
 * @import { PartTarget } from "./types.d.ts"
 */

import { unreadable } from "./errors.js";

/**
 * @typedef {{ numbers: number[], partSize: number, size: number, targets: PartTarget[], windowSize: number,
 *   sign: (numbers: number[]) => Promise<PartTarget[]>, expired: (target: PartTarget) => boolean }} PlanParts
 */

export class PartPlan {
  #parts;
  /** Parts without a URL, the next one last. @type {number[]} */
  #unsigned;
  /** Parts with a URL, the next one first. @type {PartTarget[]} */
  #ready;
  /** The request for more URLs under way. @type {Promise<void> | null} */
  #signing = null;

  /** @param {PlanParts} parts  `numbers` are to be sent, ascending; `targets` are signed already */
  constructor(parts) {
    this.#parts = parts;
    const wanted = new Set(parts.numbers);
    this.#ready = parts.targets.filter((target) => wanted.delete(target.part_number));
    this.#ready.forEach((target) => this.#check(target));
    this.#unsigned = [...wanted].reverse();
  }

  /** Parts that nobody has taken. */
  get left() {
    return this.#unsigned.length + this.#ready.length;
  }

  /**
   * The next part to send; null when none is left.
   *
   * @returns {Promise<PartTarget | null>}
   */
  async next() {
    for (;;) {
      const target = this.#ready.shift();
      if (target && this.#parts.expired(target)) this.#unsigned.push(target.part_number);
      else if (target) {
        if (this.#ready.length < this.#parts.windowSize / 2) this.#signAhead();
        return target;
      } else if (this.#unsigned.length === 0) return null;
      else await this.#signMore();
    }
  }

  /**
   * This part did not arrive; it goes next.
   *
   * @param {PartTarget} target
   */
  giveBack(target) {
    this.#ready.unshift(target);
  }

  /** The URLs are no good: every part not sent yet gets a new one. */
  distrust() {
    const numbers = this.#ready.map((target) => target.part_number);
    this.#unsigned.push(...numbers.reverse());
    this.#ready = [];
  }

  /** In the background; a failure shows when the URL is needed. */
  #signAhead() {
    if (this.#unsigned.length > 0) this.#signMore().catch(() => {});
  }

  #signMore() {
    this.#signing ??= this.#sign().finally(() => {
      this.#signing = null;
    });
    return this.#signing;
  }

  async #sign() {
    const numbers = this.#unsigned.slice(-this.#parts.windowSize).reverse();
    const targets = await this.#parts.sign(numbers);
    const signed = new Set(targets.map((target) => this.#check(target).part_number));
    if (!numbers.every((number) => signed.has(number))) throw unreadable("The broker's answer leaves out a part.");
    this.#unsigned = this.#unsigned.filter((number) => !signed.has(number));
    this.#ready.push(...targets);
  }

  /** @param {PartTarget} target */
  #check(target) {
    const { partSize, size } = this.#parts;
    if (target.size !== partLength(target.part_number, partSize, size)) {
      throw unreadable("The broker's answer states another part size.");
    }
    return target;
  }
}

/**
 * Bytes of one part; the last one is what remains.
 *
 * @param {number} number  from 1
 * @param {number} partSize
 * @param {number} size  of the whole file
 */
export function partLength(number, partSize, size) {
  return Math.max(0, Math.min(partSize, size - (number - 1) * partSize));
}
