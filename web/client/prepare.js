/**
 * Gets tickets for a batch of uploads: fingerprints them, finds what was begun before,
 * and creates the rest in one request.
 *
 * @import { Created, CreateAnswer, CreateRefused, CreateRequest, FileRequest } from "./types.d.ts"
 * @import { Ticket, Upload } from "./upload.js"
 * @import { Tools } from "./tools.js"
 */

import { BrokerError, TransportError } from "./errors.js";
import { fingerprint } from "./fingerprint.js";
import { Finder } from "./resume.js";
import { keepTrying } from "./retry.js";
import { allAborted } from "./timers.js";

/** Faults of the request as a whole, which a single file may have caused. */
const WHOLE_REQUEST = ["invalid_request", "malformed_body", "body_too_large"];

export class Preparer {
  #tools;
  /** One per `add`. @type {WeakMap<object, Finder>} */
  #finders = new WeakMap();

  /** @param {Tools} tools */
  constructor(tools) {
    this.#tools = tools;
  }

  /**
   * Afterwards each upload has a ticket, or has failed, or was stopped meanwhile.
   *
   * @param {Upload[]} uploads  of one destination
   */
  async prepare(uploads) {
    for (const upload of uploads) await this.#identify(upload);
    const fresh = uploads.filter((upload) => upload.ticket === null && isWanted(upload));
    for (const upload of fresh) upload.enter("starting");
    if (fresh.length > 0) await this.#create(fresh);
  }

  /** @param {Upload} upload */
  async #identify(upload) {
    const { hash, options } = this.#tools;
    if (hash === null || upload.size < options.fingerprintFrom || !isWanted(upload)) return;
    upload.enter("fingerprinting");
    try {
      upload.fingerprint ??= await fingerprint(upload.file, hash);
      upload.ticket = await this.#finderFor(upload).find(upload);
    } catch (error) {
      this.#refuse([upload], error);
    }
  }

  /** @param {Upload} upload */
  #finderFor({ destination }) {
    const finder = this.#finders.get(destination) ?? new Finder(destination, this.#tools);
    this.#finders.set(destination, finder);
    return finder;
  }

  /**
   * @param {Upload[]} uploads
   * @returns {Promise<void>}
   */
  async #create(uploads) {
    try {
      this.#accept(uploads, await this.#ask(uploads));
    } catch (error) {
      if (uploads.length > 1 && error instanceof BrokerError && WHOLE_REQUEST.includes(error.code)) {
        return this.#createInHalves(uploads);
      }
      this.#refuse(uploads, error);
    }
  }

  /**
   * A missing sign-in is nobody's failure, and neither is being stopped.
   *
   * @param {Upload[]} uploads
   * @param {unknown} error
   */
  #refuse(uploads, error) {
    if (error instanceof BrokerError && error.status === 401) throw error;
    if (error instanceof TransportError && error.kind === "aborted") return;
    for (const upload of uploads) upload.fail(error);
  }

  /**
   * Finds the file the broker does not even read, so that it fails alone.
   *
   * @param {Upload[]} uploads
   */
  async #createInHalves(uploads) {
    const middle = Math.ceil(uploads.length / 2);
    await this.#create(uploads.slice(0, middle));
    await this.#create(uploads.slice(middle));
  }

  /**
   * A request under way is not aborted: its answer says what must be aborted at the broker.
   *
   * @param {Upload[]} uploads
   */
  async #ask(uploads) {
    const { broker } = this.#tools;
    const stop = allAborted(uploads.map((upload) => upload.controller.signal));
    const operation = () => this.#tools.once((call) => broker.createUploads(createRequest(uploads), call));
    return keepTrying(operation, this.#tools.patience(uploads), stop);
  }

  /**
   * @param {Upload[]} uploads
   * @param {CreateAnswer} answer
   */
  #accept(uploads, answer) {
    this.#tools.serverClock.observe(answer.server_time);
    const items = new Map(answer.uploads.map((item) => [item.client_id, item]));
    for (const upload of uploads) this.#acceptItem(upload, items.get(upload.id), answer.server_time);
  }

  /**
   * @param {Upload} upload
   * @param {Created | CreateRefused | undefined} item
   * @param {string} createdAt
   */
  #acceptItem(upload, item, createdAt) {
    if (item === undefined) return upload.fail(leftOut());
    if ("error" in item) return upload.fail(BrokerError.ofItem(item.error));
    const { id, bucket, key } = item;
    const { name, size, fingerprint: print } = upload;
    upload.ticket = ticketOf(item);
    this.#tools.taken.add(id);
    if (item.strategy === "multipart" && print) this.#tools.store.put({ id, bucket, key, name, size, fingerprint: print, createdAt });
  }
}

/**
 * @param {Upload[]} uploads  at least one
 * @returns {CreateRequest}
 */
function createRequest(uploads) {
  const { bucket, prefix, profile } = /** @type {Upload} */ (uploads[0]).destination;
  const place = profile === undefined ? { bucket, prefix: prefix ?? "" } : { profile };
  return { ...place, files: uploads.map(fileRequest) };
}

/**
 * @param {Upload} upload
 * @returns {FileRequest}
 */
function fileRequest({ id, name, size, file, fingerprint: print, destination: { ifExists } }) {
  return {
    client_id: id,
    name,
    size,
    type: file.type || "application/octet-stream",
    ...(print && { fingerprint: print }),
    ...(ifExists && { if_exists: ifExists }),
  };
}

/**
 * @param {Created} created
 * @returns {Ticket}
 */
function ticketOf({ id, bucket, key, strategy, target }) {
  const shared = { id, bucket, key, strategy, found: false };
  if ("parts" in target) {
    return { ...shared, partSize: target.part_size, partCount: target.part_count, targets: target.parts };
  }
  return { ...shared, partSize: target.size, partCount: 1, targets: [{ ...target, part_number: 1 }] };
}

function leftOut() {
  return new BrokerError({ code: "unreadable_answer", status: 200, detail: "The broker's answer leaves out this file." });
}

/** @param {Upload} upload */
function isWanted(upload) {
  return upload.intent === "run" && upload.state !== "failed";
}
