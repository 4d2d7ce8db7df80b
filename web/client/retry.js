/**
 * When to try again, and when to stop: exponential backoff with full jitter, `Retry-After` honoured.
 * https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
 *
 * @import { Timers } from "./timers.js"
 */

import { BrokerError, TransportError } from "./errors.js";

/** The longest `Retry-After` that is believed, in seconds. */
const LONGEST_RETRY_AFTER = 120;

/**
 * Milliseconds to wait before the next try.
 *
 * @param {{ attempt: number, random: () => number, base: number, cap: number, retryAfter?: number | null }} parts
 *   `attempt` counts from 0; `retryAfter` in seconds, the others in milliseconds
 */
export function backoff({ attempt, random, base, cap, retryAfter = null }) {
  const jittered = random() * Math.min(cap, base * 2 ** attempt);
  return Math.max(jittered, Math.min(retryAfter ?? 0, LONGEST_RETRY_AFTER) * 1000);
}

/**
 * Whether the same request may succeed a little later.
 *
 * @param {unknown} error
 */
export function passes(error) {
  if (error instanceof BrokerError) return error.code !== "s3_refused" && passingStatus(error.status);
  if (!(error instanceof TransportError)) return false;
  const conflict = error.status === 409; // two conditional writes at once: S3 asks to repeat
  return error.kind === "network" || error.kind === "stalled" || conflict || passingStatus(error.status);
}

/** @param {number} status */
function passingStatus(status) {
  return status === 408 || status === 429 || status >= 500;
}

/**
 * How long one fault may last: counts from the first failure after a success.
 */
export class Patience {
  #timers;
  #random;
  #limits;
  #onWait;
  /** Tries that failed since the last success. */
  #attempt = 0;
  /** When the first of them failed; null after a success. @type {number | null} */
  #since = null;

  /**
   * @param {{ timers: Timers, random: () => number, onWait?: (error: unknown) => void,
   *   limits: { backoffBase: number, backoffCap: number, patience: number } }} parts  in milliseconds;
   *   `onWait` hears each error that is waited out, and null when it is over
   */
  constructor({ timers, random, limits, onWait = () => {} }) {
    this.#timers = timers;
    this.#random = random;
    this.#limits = limits;
    this.#onWait = onWait;
  }

  get attempt() {
    return this.#attempt;
  }

  /** To call after a success. */
  reset() {
    if (this.#attempt === 0) return;
    this.#attempt = 0;
    this.#since = null;
    this.#onWait(null);
  }

  /**
   * Returns when the next try is due; throws the error if waiting does not help or lasted too long.
   *
   * @param {unknown} error
   * @param {AbortSignal} signal
   */
  async wait(error, signal) {
    const now = this.#timers.now();
    this.#since ??= now;
    if (!passes(error) || now - this.#since >= this.#limits.patience) throw error;
    this.#onWait(error);
    await this.#timers.sleep(this.#delay(error), signal);
    this.#attempt += 1;
  }

  /** @param {unknown} error */
  #delay(error) {
    const retryAfter = error instanceof BrokerError || error instanceof TransportError ? error.retryAfter : null;
    const { backoffBase: base, backoffCap: cap } = this.#limits;
    return backoff({ attempt: this.#attempt, random: this.#random, base, cap, retryAfter });
  }
}

/**
 * @template T
 * @param {() => Promise<T>} operation
 * @param {Patience} patience
 * @param {AbortSignal} signal  ends the waiting
 */
export async function keepTrying(operation, patience, signal) {
  for (;;) {
    try {
      const result = await operation();
      patience.reset();
      return result;
    } catch (error) {
      await patience.wait(error, signal);
    }
  }
}
