/**
 * The upload engine: takes files, gets them into S3 through the broker, and shows how it goes.
 * No DOM, no network, no storage, no clock of its own: all of it is passed in.
 *
 * @import { Destination, Engine, EngineParts, FileLike, FileToSend, IfExists, OpenUpload, Snapshot } from "./types.d.ts"
 */

import { Board } from "./board.js";
import { demandSame, openTicket } from "./resume.js";
import { Scheduler } from "./scheduler.js";
import { Tools } from "./tools.js";
import { Upload } from "./upload.js";

/** @implements {Engine} */
export class UploadEngine {
  #tools;
  #board;
  #scheduler;
  /** In the order they were added. @type {Map<string, Upload>} */
  #uploads = new Map();
  /** Uploads ever added. */
  #count = 0;

  /** @param {EngineParts} parts */
  constructor(parts) {
    this.#tools = new Tools(parts);
    const { timers, options } = this.#tools;
    this.#board = new Board({ uploads: this.#uploads, timers, every: options.notifyEvery });
    const onSignInNeeded = () => this.#pauseAll("sign-in");
    this.#scheduler = new Scheduler({ tools: this.#tools, board: this.#board, onSignInNeeded });
  }

  /**
   * @param {Iterable<FileToSend>} files
   * @param {Destination} destination
   */
  add(files, destination) {
    const place = Object.freeze({ ...destination });
    const uploads = Array.from(files, ({ file, name }) => this.#makeUpload({ file, name }, place));
    this.#queue(uploads);
    return uploads.map((upload) => upload.id);
  }

  /**
   * @param {OpenUpload} open
   * @param {FileLike} file
   */
  async continueUpload(open, file) {
    await demandSame(open, file, this.#tools.hash);
    const known = this.#all().find(({ ticket }) => ticket?.id === open.id);
    if (known) return this.#goOn(known.id);
    const { bucket, key, id } = open;
    const start = key.lastIndexOf("/") + 1;
    const place = Object.freeze({ bucket, prefix: key.slice(0, start) });
    const upload = this.#makeUpload({ file, name: key.slice(start) }, place);
    upload.ticket = openTicket(open);
    upload.fingerprint = open.fingerprint;
    this.#tools.taken.add(id);
    this.#queue([upload]);
    return upload.id;
  }

  /** @param {string} id */
  pause(id) {
    this.#pause(this.#named(id), "person");
  }

  pauseAll() {
    this.#pauseAll("person");
  }

  /** @param {string} id */
  resume(id) {
    this.#revive(this.#named(id).filter(isPaused));
  }

  resumeAll() {
    this.#revive(this.#all().filter(isPaused));
  }

  signedIn() {
    this.#revive(this.#all().filter((upload) => upload.pausedBy === "sign-in"));
  }

  /** @param {string} id */
  cancel(id) {
    this.#cancel(this.#named(id));
  }

  cancelAll() {
    this.#cancel(this.#all());
  }

  /**
   * @param {string} id
   * @param {{ ifExists?: IfExists }} [wish]
   */
  retry(id, { ifExists } = {}) {
    const uploads = this.#named(id).filter(({ state }) => state === "failed" || state === "cancelled");
    for (const upload of uploads) {
      upload.restarts = 0;
      if (ifExists && upload.error?.code === "object_exists") this.#wish(upload, ifExists);
    }
    this.#revive(uploads);
  }

  clearFinished() {
    for (const [id, { state, cancelling }] of this.#uploads) {
      if (state === "done" || (state === "cancelled" && !cancelling)) this.#uploads.delete(id);
    }
    this.#board.changed();
  }

  forget() {
    const { store } = this.#tools;
    for (const { id } of store.list()) store.remove(id);
  }

  snapshot() {
    return this.#board.snapshot();
  }

  /** @param {(snapshot: Snapshot) => void} listener */
  subscribe(listener) {
    return this.#board.subscribe(listener);
  }

  /** @param {{ bucket: string, prefix?: string }} place */
  async openUploads(place) {
    const { uploads } = await this.#tools.once((call) => this.#tools.broker.listUploads(place, call));
    return uploads.filter((upload) => !this.#tools.taken.has(upload.id));
  }

  /**
   * @param {FileToSend} file
   * @param {Destination} destination
   */
  #makeUpload({ file, name }, destination) {
    const rank = ++this.#count;
    const now = () => this.#tools.timers.now();
    return new Upload({
      id: `u${rank}`, rank, file, name, destination, now,
      onChange: () => this.#board.changed(),
      onBytes: (bytes) => this.#board.speed.add(bytes, now()),
    });
  }

  /** @param {string} id */
  #goOn(id) {
    this.retry(id);
    this.resume(id);
    return id;
  }

  /** @param {Upload[]} uploads  new ones */
  #queue(uploads) {
    for (const upload of uploads) this.#uploads.set(upload.id, upload);
    this.#board.changed();
    this.#scheduler.settle(uploads);
  }

  /**
   * What the broker signed forbids to overwrite, so it is of no use any more.
   *
   * @param {Upload} upload
   * @param {IfExists} ifExists
   */
  #wish(upload, ifExists) {
    upload.destination = Object.freeze({ ...upload.destination, ifExists });
    void this.#scheduler.abandon(upload);
  }

  #all() {
    return [...this.#uploads.values()];
  }

  /** @param {string} id */
  #named(id) {
    const upload = this.#uploads.get(id);
    return upload ? [upload] : [];
  }

  /** @param {"person" | "sign-in"} by */
  #pauseAll(by) {
    this.#pause(this.#all(), by);
  }

  /**
   * @param {Upload[]} uploads
   * @param {"person" | "sign-in"} by
   */
  #pause(uploads, by) {
    const running = uploads.filter((upload) => !upload.finished && !isPaused(upload));
    for (const upload of running) {
      upload.pausedBy = by;
      upload.stop("pause");
      if (by === "sign-in") upload.wait("Sign in again to go on.");
    }
    this.#scheduler.settle(running);
  }

  /** @param {Upload[]} uploads */
  #cancel(uploads) {
    const open = uploads.filter(({ state }) => state !== "done" && state !== "cancelled");
    for (const upload of open) upload.stop("cancel");
    this.#scheduler.settle(open);
  }

  /** @param {Upload[]} uploads */
  #revive(uploads) {
    for (const upload of uploads) upload.revive();
    this.#scheduler.settle(uploads);
  }
}

/** @param {Upload} upload */
function isPaused(upload) {
  return upload.state === "paused";
}
