/**
 * When to try again, and when to stop: exponential backoff with full jitter, `Retry-After` honoured.
 * https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
 *
 * @import { Online } from "./types.d.ts"
 * @import { Timers } from "./timers.js"
 */

import { BrokerError, TransportError } from "./errors.js";

/** The longest `Retry-After` that is believed, in seconds. */
const LONGEST_RETRY_AFTER = 120;
/**
 * Codes of S3 for faults that pass, whatever their status; AWS sends some of them with 400.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
 */
const PASSING_CODES = new Set([
  "IncompleteBody", "InternalError", "OperationAborted", "RequestTimeout", "ServiceUnavailable", "SlowDown",
  "Throttling", "ThrottlingException", "TooManyRequests",
]);

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
  const unanswered = error.kind === "network" || error.kind === "stalled";
  return unanswered || conflict || passingStatus(error.status) || PASSING_CODES.has(error.s3Code ?? "");
}

/** @param {number} status */
function passingStatus(status) {
  return status === 408 || status === 429 || status >= 500;
}

/**
 * How long one fault may last: counts from the first failure after a success. A device that is offline
 * learns nothing about the other side: then only the next try is put off.
 */
export class Patience {
  #timers;
  #random;
  #online;
  #limits;
  #onWait;
  /** Tries that failed since the last success. */
  #attempt = 0;
  /** When the first of them failed; null after a success. @type {number | null} */
  #since = null;

  /**
   * @param {{ timers: Timers, random: () => number, online: Online, onWait?: (error: unknown) => void,
   *   limits: { backoffBase: number, backoffCap: number, patience: number } }} parts  in milliseconds;
   *   `onWait` hears each error that is waited out, and null when it is over
   */
  constructor({ timers, random, online, limits, onWait = () => {} }) {
    this.#timers = timers;
    this.#random = random;
    this.#online = online;
    this.#limits = limits;
    this.#onWait = onWait;
  }

  /** To call after a success. */
  reset() {
    if (this.#since === null) return;
    this.#attempt = 0;
    this.#since = null;
    this.#onWait(null);
  }

  /**
   * Returns when the next try is due; throws the error if waiting does not help or lasted too long.
   *
   * @param {unknown} error
   * @param {AbortSignal} signal
   * @param {number} [tries]  how many may fail at most
   */
  async wait(error, signal, tries = Infinity) {
    if (!passes(error)) throw error;
    const isOnline = this.#online.isOnline();
    if (isOnline) this.#count(error, tries);
    else this.#since = this.#timers.now();
    this.#onWait(error);
    const delay = isOnline ? this.#delay(error) : this.#limits.backoffCap;
    await this.#timers.sleep(delay, signal, this.#online.onOnline);
  }

  /**
   * @param {unknown} error
   * @param {number} tries
   */
  #count(error, tries) {
    const now = this.#timers.now();
    this.#since ??= now;
    if (this.#attempt >= tries || now - this.#since >= this.#limits.patience) throw error;
    this.#attempt += 1;
  }

  /** @param {unknown} error */
  #delay(error) {
    const retryAfter = error instanceof BrokerError || error instanceof TransportError ? error.retryAfter : null;
    const { backoffBase: base, backoffCap: cap } = this.#limits;
    return backoff({ attempt: this.#attempt - 1, random: this.#random, base, cap, retryAfter });
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
