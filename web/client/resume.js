/**
 * Finds the upload a file belongs to: one that this device remembers, or that the broker says is open.
 *
 * @import { CallOptions, Destination, FileLike, OpenUpload, Remembered } from "./types.d.ts"
 * @import { Ticket, Upload } from "./upload.js"
 * @import { Tools } from "./tools.js"
 */

import { AnotherFile, BrokerError } from "./errors.js";
import { fingerprint } from "./fingerprint.js";

/** @typedef {Remembered | OpenUpload} Candidate */

export class Finder {
  #destination;
  #tools;
  /** What is open in this destination; null before the first question. @type {Candidate[] | null} */
  #candidates = null;

  /**
   * @param {Destination} destination
   * @param {Tools} tools
   */
  constructor(destination, tools) {
    this.#destination = destination;
    this.#tools = tools;
  }

  /**
   * The ticket of this file's open upload, now taken; null when there is none. With a profile the key
   * is not known beforehand, so there is nothing to find.
   *
   * @param {Upload} upload  with a fingerprint
   * @returns {Promise<Ticket | null>}
   */
  async find(upload) {
    const { bucket, prefix = "", profile } = this.#destination;
    if (bucket === undefined || profile !== undefined || !upload.fingerprint) return null;
    this.#candidates ??= [...this.#tools.store.list(), ...await this.#listed(bucket, prefix, upload)];
    const wanted = { bucket, key: prefix + upload.name, size: upload.size, fingerprint: upload.fingerprint };
    const found = this.#candidates.find((each) => !this.#tools.taken.has(each.id) && isSame(each, wanted));
    return found ? this.#take(found) : null;
  }

  /** @param {Candidate} candidate */
  #take(candidate) {
    this.#tools.taken.add(candidate.id);
    return { ...openTicket(candidate), found: true };
  }

  /**
   * A broker that will not list does not keep anyone from uploading.
   *
   * @param {string} bucket
   * @param {string} prefix
   * @param {Upload} upload
   */
  async #listed(bucket, prefix, upload) {
    const { broker } = this.#tools;
    const list = (/** @type {CallOptions} */ call) => broker.listUploads({ bucket, prefix }, call);
    try {
      return (await this.#tools.ask(list, { upload, signal: upload.controller.signal })).uploads;
    } catch (error) {
      if (error instanceof BrokerError && error.status !== 401) return [];
      throw error;
    }
  }
}

/**
 * @param {{ id: string, bucket: string, key: string }} open
 * @returns {Ticket}
 */
export function openTicket({ id, bucket, key }) {
  return { id, bucket, key, strategy: "multipart", partSize: 0, partCount: 0, targets: [], found: false, known: false };
}

/**
 * Throws `AnotherFile` unless the upload was begun with this file.
 *
 * @param {OpenUpload} open
 * @param {FileLike} file
 * @param {((bytes: Uint8Array<ArrayBuffer>) => Promise<ArrayBuffer>) | null} hash
 */
export async function demandSame(open, file, hash) {
  if (file.size !== open.size) throw new AnotherFile();
  if (hash === null || open.fingerprint === null) {
    throw new AnotherFile("It cannot be told whether this is the file whose upload was begun.");
  }
  if (await fingerprint(file, hash) !== open.fingerprint) throw new AnotherFile();
}

/**
 * The same place and the same bytes, as far as can be told without reading the whole file.
 *
 * @param {Candidate} candidate
 * @param {{ bucket: string, key: string, size: number, fingerprint: string }} wanted
 */
function isSame(candidate, wanted) {
  return candidate.bucket === wanted.bucket && candidate.key === wanted.key &&
    candidate.size === wanted.size && candidate.fingerprint === wanted.fingerprint;
}
