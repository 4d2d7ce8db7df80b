/**
 * Gets tickets for a batch of uploads: fingerprints them, finds what was begun before,
 * and creates the rest in one request.
 *
 * @import { Created, CreateAnswer, CreateRefused, CreateRequest, FileRequest, Remembered } from "./types.d.ts"
 * @import { Ticket, Upload } from "./upload.js"
 * @import { Tools } from "./tools.js"
 */

import { BrokerError, TransportError, unreadable } from "./errors.js";
import { fingerprint } from "./fingerprint.js";
import { Finder } from "./resume.js";
import { keepTrying, passes } from "./retry.js";
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
    const fresh = uploads.filter((upload) => isUndecided(upload) && isWanted(upload));
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
      await this.#createAll(uploads);
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
    for (const upload of uploads.filter(isUndecided)) upload.fail(error);
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
   * Goes on with the items whose refusal may pass, until none is left.
   * A request under way is not aborted: its answer says what must be aborted at the broker.
   *
   * @param {Upload[]} uploads
   */
  async #createAll(uploads) {
    const { broker } = this.#tools;
    const stop = allAborted(uploads.map((upload) => upload.controller.signal));
    const patience = this.#tools.patience(uploads);
    for (let left = uploads; left.length > 0;) {
      const request = () => this.#tools.once((call) => broker.createUploads(createRequest(left), call));
      const answer = await keepTrying(request, this.#tools.patience(left), stop);
      const passing = this.#accept(left, answer);
      if (passing[0]) await patience.wait(passing[0].error, stop);
      left = passing.map(({ upload }) => upload).filter(isWanted);
    }
  }

  /**
   * @param {Upload[]} uploads
   * @param {CreateAnswer} answer
   * @returns {{ upload: Upload, error: BrokerError }[]}  refused for now only
   */
  #accept(uploads, answer) {
    this.#tools.serverClock.observe(answer.server_time);
    const items = new Map(answer.uploads.map((item) => [item.client_id, item]));
    const passing = [];
    for (const upload of uploads) {
      const error = this.#acceptItem(upload, items.get(upload.id), answer.server_time ?? "");
      if (error && passes(error)) passing.push({ upload, error });
      else if (error) upload.fail(error);
    }
    return passing;
  }

  /**
   * @param {Upload} upload
   * @param {Created | CreateRefused | undefined} item
   * @param {string} createdAt
   * @returns {BrokerError | null}  why there is no ticket
   */
  #acceptItem(upload, item, createdAt) {
    if (item === undefined) return unreadable("The broker's answer leaves out this file.");
    if ("error" in item) return BrokerError.ofItem(item.error);
    upload.ticket = ticketOf(item);
    this.#tools.taken.add(item.id);
    if (item.strategy === "multipart" && upload.fingerprint) this.#tools.store.put(remembered(upload, item, createdAt));
    return null;
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
 * @param {Upload} upload
 * @param {Created} created
 * @param {string} createdAt
 * @returns {Remembered}
 */
function remembered({ name, size, fingerprint: print }, { id, bucket, key }, createdAt) {
  return { id, bucket, key, name, size, fingerprint: print ?? "", createdAt };
}

/**
 * @param {Created} created
 * @returns {Ticket}
 */
function ticketOf({ id, bucket, key, strategy, target }) {
  const shared = { id, bucket, key, strategy, found: false, known: true };
  if ("parts" in target) {
    return { ...shared, partSize: target.part_size, partCount: target.part_count, targets: target.parts };
  }
  return { ...shared, partSize: target.size, partCount: 1, targets: [{ ...target, part_number: 1 }] };
}

/** @param {Upload} upload */
function isWanted(upload) {
  return upload.intent === "run";
}

/** @param {Upload} upload */
function isUndecided(upload) {
  return upload.ticket === null && upload.state !== "failed";
}
