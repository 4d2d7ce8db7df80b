/**
 * What can go wrong, in two types: the broker said no, or a transfer did not get an answer it could use.
 *
 * @import { ItemError, UploadProblem } from "./types.d.ts"
 */

/** The broker answered, and the answer is no. `detail` is written for the person. */
export class BrokerError extends Error {
  /**
   * @param {{ code: string, status: number, detail: string, requestId?: string | null,
   *   retryAfter?: number | null, missing?: number[], cause?: unknown }} answer  `retryAfter` in seconds
   */
  constructor({ code, status, detail, requestId = null, retryAfter = null, missing = [], cause }) {
    super(detail, { cause });
    this.name = "BrokerError";
    this.code = code;
    this.status = status;
    this.detail = detail;
    this.requestId = requestId;
    this.retryAfter = retryAfter;
    /** Part numbers, for `parts_missing`. */
    this.missing = missing;
  }

  /** @param {ItemError} error  of one item in a batch */
  static ofItem({ code, status, detail }) {
    return new BrokerError({ code, status, detail });
  }
}

/**
 * The broker answered, but not what it should.
 *
 * @param {string} detail
 * @param {{ status?: number, cause?: unknown }} [evidence]
 */
export function unreadable(detail, { status = 200, cause } = {}) {
  return new BrokerError({ code: "unreadable_answer", status, detail, cause });
}

/** @typedef {"network" | "s3" | "aborted" | "stalled"} TransportKind */

/** A transfer failed: no answer (`network`, `stalled`), stopped by us (`aborted`), or refused by S3 (`s3`). */
export class TransportError extends Error {
  /**
   * @param {TransportKind} kind
   * @param {{ where?: "broker" | "s3", status?: number, s3Code?: string | null,
   *   retryAfter?: number | null, cause?: unknown }} [evidence]  `retryAfter` in seconds
   */
  constructor(kind, { where = "s3", status = 0, s3Code = null, retryAfter = null, cause } = {}) {
    super(transportMessage(kind, where, status, s3Code), { cause });
    this.name = "TransportError";
    this.kind = kind;
    this.where = where;
    this.status = status;
    this.s3Code = s3Code;
    this.retryAfter = retryAfter;
  }
}

/** There is nothing left to send: another tab or device has finished this upload. */
export class FinishedElsewhere extends Error {}

/** S3 or the broker no longer knows this upload: only a new one helps. */
export class UploadForgotten extends Error {}

/** The file cannot be read any more: changed, moved or removed since it was chosen. */
export class FileUnreadable extends Error {
  /** @param {unknown} cause */
  constructor(cause) {
    super("The file cannot be read: it was changed, moved or removed since it was chosen. Choose it again.", { cause });
    this.name = "FileUnreadable";
  }
}

/** An upload is continued with the file it was begun with only. */
export class AnotherFile extends Error {
  code = "another_file";
  status = 0;
  requestId = null;

  /** @param {string} [message] */
  constructor(message = "That is another file than the one whose upload was begun.") {
    super(message);
    this.name = "AnotherFile";
  }
}

/**
 * What a row shows of an error.
 *
 * @param {unknown} error
 * @returns {UploadProblem}
 */
export function problemOf(error) {
  if (error instanceof BrokerError) {
    return { code: error.code, message: error.detail, status: error.status, requestId: error.requestId };
  }
  if (error instanceof TransportError) {
    return { code: error.kind, message: error.message, status: error.status, requestId: null };
  }
  if (error instanceof UploadForgotten) {
    return { code: "upload_gone", message: "The storage forgot this upload more than once.", status: 404, requestId: null };
  }
  if (error instanceof AnotherFile) {
    return { code: error.code, message: error.message, status: error.status, requestId: error.requestId };
  }
  if (error instanceof FileUnreadable) {
    return { code: "file", message: error.message, status: 0, requestId: null };
  }
  return { code: "internal", message: "Something unexpected went wrong in this page.", status: 0, requestId: null };
}

/**
 * @param {TransportKind} kind
 * @param {"broker" | "s3"} where
 * @param {number} status
 * @param {string | null} s3Code
 */
function transportMessage(kind, where, status, s3Code) {
  const who = where === "broker" ? "The broker" : "S3";
  if (kind === "aborted") return "The transfer was stopped.";
  if (kind === "stalled") return `${who} does not take or send anything at the moment.`;
  if (kind === "s3") return `S3 refused the transfer with ${status}${s3Code ? ` (${s3Code})` : ""}.`;
  if (where === "broker") return "The broker was not reached. Check the network connection.";
  return "S3 was not reached. Either the network is down, or the bucket's CORS rules do not allow this page; " +
    "a browser does not tell which.";
}

/**
 * What a row shows while the engine waits for an error to pass.
 *
 * @param {unknown} error
 */
export function waitingFor(error) {
  const atBroker = error instanceof BrokerError || (error instanceof TransportError && error.where === "broker");
  const why = error instanceof Error ? ` ${error.message}` : "";
  return `Waiting for ${atBroker ? "the broker" : "S3"}.${why}`;
}
