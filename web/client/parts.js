/**
 * Sends what S3 does not have yet of one upload: several requests at once, each of them a slice
 * of the file under a URL signed for exactly that slice.
 *
 * @import { PartTarget, TransportAnswer } from "./types.d.ts"
 * @import { Patience } from "./retry.js"
 * @import { Ticket, Upload } from "./upload.js"
 * @import { Tools } from "./tools.js"
 */

import { FinishedElsewhere, TransportError, UploadForgotten } from "./errors.js";
import { read } from "./fingerprint.js";
import { seconds } from "./http.js";
import { PartPlan } from "./plan.js";
import { passes } from "./retry.js";
import { together } from "./timers.js";

/** After the last byte has left, S3 may still be taking it in: buffers on the way hide that. */
const ANSWER_TAKES = 4;
/**
 * S3's answer to a PUT where an object lies already. Its bytes may be our own, from a try whose
 * answer was lost: the broker tells when it completes.
 */
const MUST_NOT_OVERWRITE = 412;
/** Bytes per millisecond granted to a transport that cannot tell its progress. */
const LEAST_SPEED = 16;
/** What S3 says with 400 when a new URL helps; no code at all where the answer cannot be read. */
const SIGN_AGAIN = [null, "AccessDenied", "ExpiredToken"];

/**
 * @param {Upload} upload
 * @param {Tools} tools
 * @param {AbortSignal} signal
 */
export function sendParts(upload, tools, signal) {
  return together(signal, (own) => new PartSender(upload, tools, own).start());
}

class PartSender {
  #upload;
  #tools;
  #signal;
  #plan;
  /** Parts whose URL S3 refused once. @type {Set<number>} */
  #refused = new Set();

  /**
   * @param {Upload} upload
   * @param {Tools} tools
   * @param {AbortSignal} signal
   */
  constructor(upload, tools, signal) {
    this.#upload = upload;
    this.#tools = tools;
    this.#signal = signal;
    const ticket = /** @type {Ticket} */ (upload.ticket);
    this.#plan = new PartPlan({
      numbers: upload.missing,
      partSize: ticket.partSize,
      size: upload.size,
      targets: ticket.targets,
      windowSize: tools.options.windowSize,
      sign: (numbers) => this.#sign(ticket, numbers),
      expired: (target) => tools.expired(target),
    });
  }

  /** One task per request that may be in flight. */
  start() {
    const count = Math.min(this.#plan.left, this.#tools.options.concurrentParts);
    return Array.from({ length: count }, () => this.#work());
  }

  async #work() {
    const patience = this.#tools.patience([this.#upload]);
    for (;;) {
      const target = await this.#plan.next();
      if (target === null) return;
      try {
        await this.#send(target);
        patience.reset();
      } catch (error) {
        this.#upload.progress.drop(target.part_number);
        await this.#judge(error, target, patience);
      }
    }
  }

  /**
   * @param {Ticket} ticket
   * @param {number[]} numbers
   * @returns {Promise<PartTarget[]>}
   */
  async #sign({ id, strategy }, numbers) {
    const { broker, serverClock } = this.#tools;
    const work = { upload: this.#upload, signal: this.#signal };
    if (strategy === "put") {
      const { server_time, target } = await this.#tools.ask((call) => broker.freshTarget(id, call), work);
      serverClock.observe(server_time);
      return [{ ...target, part_number: 1 }];
    }
    const wanted = numbers.map((number) => ({ part_number: number }));
    const answer = await this.#tools.ask((call) => broker.signParts(id, wanted, call), work);
    serverClock.observe(answer.server_time);
    return answer.parts;
  }

  /** @param {PartTarget} target */
  #send(target) {
    return this.#tools.slots.use({ rank: this.#upload.rank, signal: this.#signal }, async () => {
      if (this.#tools.expired(target)) return this.#plan.giveBack(target);
      const answer = await this.#put(target);
      this.#tools.s3Answered = true;
      if (answer.status === MUST_NOT_OVERWRITE) this.#upload.existed = true;
      else if (answer.status < 200 || answer.status > 299) throw refusal(answer);
      this.#upload.progress.land(target.part_number, target.size);
      this.#upload.changed();
    });
  }

  /** @param {PartTarget} target */
  #put({ method, url, headers, size, part_number: number }) {
    const { timers, transport, options: { stall } } = this.#tools;
    const start = (number - 1) * (this.#upload.ticket?.partSize ?? 0);
    const body = this.#upload.file.slice(start, start + size);
    const limit = transport.reportsProgress ? stall : stall + size / LEAST_SPEED;
    return timers.within((own, extend) => transport.send({
      method, url, headers, body, signal: own,
      onProgress: (sent) => {
        extend(sent < size ? limit : limit * ANSWER_TAKES);
        this.#upload.progress.move(number, sent);
        this.#upload.changed();
      },
    }), { signal: this.#signal, limit, where: "s3" });
  }

  /**
   * Gives the part back, and returns when this task may go on; throws what cannot be helped.
   *
   * @param {unknown} error
   * @param {PartTarget} target
   * @param {Patience} patience
   */
  async #judge(error, target, patience) {
    if (!(error instanceof TransportError) || error.kind === "aborted") throw error;
    if (error.status === 404) await this.#askIfForgotten();
    if (error.kind === "network") await read(this.#upload.file, 0, 1); // a file that changed looks like this, too
    this.#plan.giveBack(target); // not before: another task would try the same URL meanwhile
    if (isOfUrl(error)) return this.#signAgain(error, target.part_number);
    await patience.wait(error, this.#signal, this.#tools.s3Answered ? Infinity : this.#tools.options.retries);
  }

  /**
   * @param {TransportError} error
   * @param {number} number
   */
  #signAgain(error, number) {
    if (this.#refused.has(number)) throw error;
    this.#refused.add(number);
    this.#plan.distrust();
  }

  async #askIfForgotten() {
    const id = /** @type {Ticket} */ (this.#upload.ticket).id;
    const work = { upload: this.#upload, signal: this.#signal };
    const { state } = await this.#tools.ask((call) => this.#tools.broker.getUpload(id, call), work);
    if (state === "complete") throw new FinishedElsewhere();
    if (state === "aborted" || state === "expired") throw new UploadForgotten();
  }
}

/**
 * Whether another URL for the same part may do.
 *
 * @param {TransportError} error
 */
function isOfUrl(error) {
  if (passes(error)) return false;
  return error.status === 403 || error.status === 404 || (error.status === 400 && SIGN_AGAIN.includes(error.s3Code));
}

/** @param {TransportAnswer} answer */
function refusal(answer) {
  const { status, s3Code = null, header } = answer;
  return new TransportError("s3", { status, s3Code, retryAfter: seconds(header("retry-after")) });
}
