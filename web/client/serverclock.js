/**
 * The broker's time, told by its `server_time` and counted on by the monotonic clock:
 * a wrong clock on this device does not matter.
 */
export class ServerClock {
  #now;
  /** Epoch milliseconds at monotonic 0; null until the broker has told its time. @type {number | null} */
  #offset = null;

  /** @param {() => number} now  monotonic milliseconds */
  constructor(now) {
    this.#now = now;
  }

  /** @param {string | null} serverTime  RFC 3339 */
  observe(serverTime) {
    const told = Date.parse(serverTime ?? "");
    if (!Number.isNaN(told)) this.#offset = told - this.#now();
  }

  /**
   * False while the time is unknown: S3 has the last word anyway.
   *
   * @param {string} expiresAt  RFC 3339
   * @param {number} margin  milliseconds
   */
  expired(expiresAt, margin) {
    return this.#offset !== null && Date.parse(expiresAt) - margin <= this.#offset + this.#now();
  }
}
