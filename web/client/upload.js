/**
 * One file on its way, and the row that shows it.
 *
 * @import { Destination, FileLike, PartTarget, UploadProblem, UploadRow, UploadState } from "./types.d.ts"
 */

import { problemOf, waitingFor } from "./errors.js";
import { partLength } from "./plan.js";
import { Progress, Speedometer, secondsLeft } from "./progress.js";

/**
 * What the broker gave for it. A PUT is sent as one part.
 *
 * @typedef {object} Ticket
 * @property {string} id
 * @property {string} bucket
 * @property {string} key
 * @property {"put" | "multipart"} strategy
 * @property {number} partSize
 * @property {number} partCount
 * @property {PartTarget[]} targets  signed with the create answer
 * @property {boolean} found  begun earlier or elsewhere, and guessed to be this file's
 * @property {boolean} known  whether it is known what S3 has of it; others may have gone on with it meanwhile
 */

export class Upload {
  /** @type {UploadState} */
  state = "waiting";
  /** What the person wants, whatever still runs. @type {"run" | "pause" | "cancel"} */
  intent = "run";
  /** Whether a task works on it. */
  busy = false;
  /** Ends its task; a new one with each run. */
  controller = new AbortController();
  /** Null before it is created at the broker. @type {Ticket | null} */
  ticket = null;
  /** Null until it is known, and where it is not worth knowing. @type {string | null} */
  fingerprint = null;
  /** Whether S3 found an object in its place that must not be overwritten. */
  existed = false;
  /** Requests under way that abort it at the broker. */
  aborts = 0;
  /** How often it was started anew. */
  restarts = 0;
  /** @type {UploadProblem | undefined} */
  error = undefined;
  /** @type {"person" | "sign-in" | undefined} */
  pausedBy = undefined;
  /** @type {number | undefined} */
  resumedParts = undefined;
  /** Stays until the upload ends. @type {string | undefined} */
  #notice = undefined;
  /** What it waits for right now. @type {string | undefined} */
  #waiting = undefined;
  /** The row shown last; null when something changed since. @type {UploadRow | null} */
  #row = null;
  /** Hears each change. */
  #onChange;
  #now;
  #speed = new Speedometer();

  /**
   * @param {{ id: string, rank: number, file: FileLike, name: string, destination: Destination,
   *   now: () => number, onChange: () => void, onBytes: (bytes: number) => void }} parts
   *   `rank` orders uploads: lower goes first
   */
  constructor({ id, rank, file, name, destination, now, onChange, onBytes }) {
    this.id = id;
    this.rank = rank;
    this.file = file;
    this.name = name;
    this.destination = destination;
    this.#now = now;
    this.#onChange = onChange;
    this.progress = new Progress((bytes) => {
      this.#speed.add(bytes, now());
      onBytes(bytes);
    });
  }

  get size() {
    return this.file.size;
  }

  get finished() {
    return this.state === "done" || this.state === "cancelled" || this.state === "failed";
  }

  /** Whether its cancel is under way: it may turn out to be complete. */
  get cancelling() {
    return this.intent === "cancel" && (this.busy || this.aborts > 0);
  }

  /** Part numbers S3 does not have yet, ascending. */
  get missing() {
    const count = this.ticket?.partCount ?? 0;
    return Array.from({ length: count }, (_, index) => index + 1).filter((number) => !this.progress.has(number));
  }

  /** @param {number} number */
  partLength(number) {
    return partLength(number, this.ticket?.partSize ?? 0, this.size);
  }

  /** @param {UploadState} state */
  enter(state) {
    this.state = state;
    this.#waiting = undefined;
    if (state === "sending") this.#speed.start(this.#now());
    else this.#speed.stop();
    this.changed();
  }

  /**
   * Ends its task.
   *
   * @param {"pause" | "cancel"} intent
   */
  stop(intent) {
    this.intent = intent;
    this.error = undefined;
    this.enter(intent === "pause" ? "paused" : "cancelled");
    this.controller.abort();
  }

  /** A new task may begin. */
  revive() {
    this.intent = "run";
    this.controller = new AbortController();
    if (this.ticket?.strategy === "multipart") this.ticket.known = false;
    this.error = this.pausedBy = this.#notice = undefined;
    this.enter("waiting");
  }

  /** @param {unknown} error */
  fail(error) {
    if (this.intent === "cancel") return;
    this.error = problemOf(error);
    this.pausedBy = undefined;
    this.enter("failed");
  }

  /** What the broker gave is of no use any more. */
  forget() {
    this.ticket = null;
    this.existed = false;
    this.resumedParts = undefined;
    this.progress.restart();
    this.changed();
  }

  /** @param {string} notice */
  tell(notice) {
    this.#notice = notice;
    this.changed();
  }

  /** @param {unknown} error  null when the waiting is over */
  waitFor(error) {
    this.#waiting = error === null ? undefined : waitingFor(error);
    this.changed();
  }

  /** @param {string} why */
  wait(why) {
    this.#waiting = why;
    this.changed();
  }

  changed() {
    this.#row = null;
    this.#onChange();
  }

  /** @returns {UploadRow} */
  row() {
    if (this.#row === null || this.state === "sending") this.#row = this.#makeRow();
    return this.#row;
  }

  #makeRow() {
    const speed = this.#speed.rate(this.#now());
    const sent = this.state === "done" ? this.size : this.progress.shown;
    const notice = this.#waiting ?? this.#notice;
    return Object.freeze({
      id: this.id,
      name: this.name,
      bucket: this.ticket?.bucket ?? this.destination.bucket ?? "",
      key: this.ticket?.key ?? this.#expectedKey(),
      size: this.size,
      sent,
      state: this.state,
      speed,
      secondsLeft: secondsLeft(this.size - sent, speed),
      ...(this.error && { error: this.error }),
      ...(notice && { notice }),
      ...(this.pausedBy && { pausedBy: this.pausedBy }),
      ...(this.resumedParts !== undefined && { resumedParts: this.resumedParts }),
    });
  }

  #expectedKey() {
    return this.destination.profile === undefined ? (this.destination.prefix ?? "") + this.name : "";
  }
}
