/** Bytes, speed and time left. Times are monotonic milliseconds. */

/** The memory of the average: an older rate weighs 1/e after this long. */
const MEMORY = 8_000;
/** Rates over less time than this say nothing. */
const LEAST_INTERVAL = 500;

/**
 * An exponentially weighted moving average over unevenly spaced samples.
 * The weight corrects the start, where the average has no past.
 */
export class Speedometer {
  #sum = 0;
  #weight = 0;
  /** Bytes since `#since`. */
  #bytes = 0;
  /** Start of the open interval; null while nothing is measured. @type {number | null} */
  #since = null;

  /** @param {number} now */
  start(now) {
    this.#since ??= now;
  }

  stop() {
    this.#sum = this.#weight = this.#bytes = 0;
    this.#since = null;
  }

  /**
   * @param {number} bytes
   * @param {number} now
   */
  add(bytes, now) {
    this.#fold(now);
    this.#bytes += bytes;
  }

  /**
   * Bytes per second.
   *
   * @param {number} now
   */
  rate(now) {
    this.#fold(now);
    return this.#weight === 0 ? 0 : (this.#sum / this.#weight) * 1000;
  }

  /** @param {number} now */
  #fold(now) {
    if (this.#since === null || now - this.#since < LEAST_INTERVAL) return;
    const keep = Math.exp((this.#since - now) / MEMORY);
    this.#sum = this.#sum * keep + (this.#bytes / (now - this.#since)) * (1 - keep);
    this.#weight = this.#weight * keep + (1 - keep);
    this.#bytes = 0;
    this.#since = now;
  }
}

/**
 * Null while nothing moves.
 *
 * @param {number} bytes
 * @param {number} speed  bytes per second
 */
export function secondsLeft(bytes, speed) {
  if (bytes === 0) return 0;
  return speed > 0 ? Math.ceil(bytes / speed) : null;
}

/** The bytes of one upload: parts that landed, and parts on their way. */
export class Progress {
  /** Sizes of parts S3 has, by number. @type {Map<number, number>} */
  #landed = new Map();
  /** Their sum. */
  #landedBytes = 0;
  /** Bytes sent of parts on their way, by number. @type {Map<number, number>} */
  #moving = new Map();
  /** What was shown last: a part that must go again does not turn the bar back. */
  #shown = 0;
  #onBytes;

  /** @param {(bytes: number) => void} [onBytes]  hears what left since the last call */
  constructor(onBytes = () => {}) {
    this.#onBytes = onBytes;
  }

  get shown() {
    let bytes = this.#landedBytes;
    for (const sent of this.#moving.values()) bytes += sent;
    this.#shown = Math.max(this.#shown, bytes);
    return this.#shown;
  }

  /** @param {number} part */
  has(part) {
    return this.#landed.has(part);
  }

  /**
   * @param {number} part
   * @param {number} sent
   */
  move(part, sent) {
    const before = this.#moving.get(part) ?? 0;
    if (sent > before) this.#onBytes(sent - before);
    this.#moving.set(part, sent);
  }

  /**
   * @param {number} part
   * @param {number} size
   */
  land(part, size) {
    this.move(part, size);
    this.found(part, size);
  }

  /**
   * A part that S3 has had all along.
   *
   * @param {number} part
   * @param {number} size
   */
  found(part, size) {
    this.drop(part);
    this.#landed.set(part, size);
    this.#landedBytes += size;
  }

  /**
   * S3 has these parts, and no other.
   *
   * @param {{ part_number: number, size: number }[]} parts
   */
  know(parts) {
    this.#landed.clear();
    this.#moving.clear();
    this.#landedBytes = 0;
    for (const { part_number: number, size } of parts) this.found(number, size);
  }

  /**
   * A part that did not arrive, or is not there any more.
   *
   * @param {number} part
   */
  drop(part) {
    this.#moving.delete(part);
    this.#landedBytes -= this.#landed.get(part) ?? 0;
    this.#landed.delete(part);
  }

  /** Back to nothing: the upload is started anew. */
  restart() {
    this.#landed.clear();
    this.#moving.clear();
    this.#landedBytes = this.#shown = 0;
  }
}
