/**
 * Who is prepared, who is sent, and what becomes of each: the engine's only loop.
 *
 * @import { Board } from "./board.js"
 * @import { Tools } from "./tools.js"
 * @import { Upload } from "./upload.js"
 */

import { BrokerError, UploadForgotten } from "./errors.js";
import { Preparer } from "./prepare.js";
import { keepTrying } from "./retry.js";
import { runUpload } from "./run.js";

export class Scheduler {
  #tools;
  #board;
  #preparer;
  #onSignInNeeded;
  /** Uploads without a ticket, next one first. @type {Set<Upload>} */
  #toPrepare = new Set();
  /** Uploads with a ticket, next one first. @type {Set<Upload>} */
  #toSend = new Set();
  /** Whether a batch is being prepared. */
  #preparing = false;
  /** Uploads being sent. */
  #sending = 0;

  /** @param {{ tools: Tools, board: Board, onSignInNeeded: () => void }} parts */
  constructor({ tools, board, onSignInNeeded }) {
    this.#tools = tools;
    this.#board = board;
    this.#preparer = new Preparer(tools);
    this.#onSignInNeeded = onSignInNeeded;
  }

  /**
   * Puts idle uploads where they belong by what the person wants of them, and begins what may begin.
   *
   * @param {Iterable<Upload>} uploads
   */
  settle(uploads) {
    for (const upload of uploads) if (!upload.busy) this.#place(upload);
    this.#pump();
  }

  /**
   * Forgets what the broker gave, here and there.
   *
   * @param {Upload} upload
   */
  async abandon(upload) {
    const { ticket } = upload;
    if (!ticket) return;
    this.#tools.store.remove(ticket.id);
    upload.forget();
    upload.aborts += 1;
    const tooLate = await this.#abort(ticket.id);
    upload.aborts -= 1;
    upload.changed();
    if (!tooLate || upload.state !== "cancelled") return;
    upload.ticket = ticket;
    this.#done(upload);
  }

  /** Begins whatever may begin now. */
  #pump() {
    const { concurrentFiles } = this.#tools.options;
    if (!this.#preparing && this.#toSend.size < concurrentFiles && this.#toPrepare.size > 0) void this.#prepare();
    for (const upload of this.#toSend) {
      if (this.#sending >= concurrentFiles) return;
      void this.#send(upload);
    }
  }

  async #prepare() {
    const batch = nextBatch(this.#toPrepare, this.#tools.options);
    this.#preparing = true;
    for (const upload of batch) this.#begin(upload, this.#toPrepare);
    try {
      await this.#preparer.prepare(batch);
    } catch (error) {
      for (const upload of batch) this.#failed(upload, error, upload.controller.signal);
    }
    this.#preparing = false;
    this.#end(batch);
  }

  /** @param {Upload} upload */
  async #send(upload) {
    const { signal } = upload.controller;
    this.#begin(upload, this.#toSend);
    this.#sending += 1;
    this.#board.speed.start(this.#tools.timers.now());
    try {
      await runUpload(upload, this.#tools);
      this.#done(upload);
    } catch (error) {
      this.#failed(upload, error, signal);
    }
    this.#sending -= 1;
    if (this.#sending === 0) this.#board.speed.stop();
    this.#end([upload]);
  }

  /**
   * @param {Upload} upload
   * @param {Set<Upload>} queue
   */
  #begin(upload, queue) {
    queue.delete(upload);
    upload.busy = true;
  }

  /** @param {Upload[]} uploads */
  #end(uploads) {
    for (const upload of uploads) upload.busy = false;
    this.settle(uploads);
  }

  /** @param {Upload} upload */
  #place(upload) {
    this.#toPrepare.delete(upload);
    this.#toSend.delete(upload);
    if (upload.intent === "cancel") void this.abandon(upload);
    if (upload.intent !== "run" || upload.finished) return;
    if (upload.state !== "waiting") upload.enter("waiting");
    (upload.ticket ? this.#toSend : this.#toPrepare).add(upload);
  }

  /** @param {Upload} upload */
  #done(upload) {
    if (upload.ticket) this.#tools.store.remove(upload.ticket.id);
    if (upload.intent === "cancel") upload.tell("It was complete before it could be cancelled.");
    upload.intent = "run"; // it may have been stopped a moment too late
    upload.pausedBy = undefined;
    upload.enter("done");
  }

  /**
   * @param {Upload} upload
   * @param {unknown} error
   * @param {AbortSignal} signal  of the task that failed
   */
  #failed(upload, error, signal) {
    if (error instanceof UploadForgotten) this.#startAnew(upload, error);
    else if (signal.aborted) return;
    else if (error instanceof BrokerError && error.status === 401) this.#onSignInNeeded();
    else upload.fail(error);
  }

  /**
   * An old upload that turns out to be gone is nothing to tell: no byte of this file was lost.
   *
   * @param {Upload} upload
   * @param {UploadForgotten} error
   */
  #startAnew(upload, error) {
    const wasOld = upload.ticket?.found;
    if (upload.ticket) this.#tools.store.remove(upload.ticket.id);
    upload.forget();
    if (wasOld) return;
    if (upload.restarts >= this.#tools.options.restarts) return upload.fail(error);
    upload.restarts += 1;
    upload.tell("The storage had forgotten this upload; it was started anew.");
  }

  /**
   * Where the broker cannot be told, its sweep removes the parts later.
   *
   * @param {string} id
   * @returns {Promise<boolean>}  whether it is complete already
   */
  async #abort(id) {
    const abort = () => this.#tools.once((call) => this.#tools.broker.abortUpload(id, call));
    try {
      await keepTrying(abort, this.#tools.patience([]), new AbortController().signal);
      return false;
    } catch (error) {
      return error instanceof BrokerError && error.code === "upload_complete";
    }
  }
}

/**
 * The next uploads that can be created in one request.
 *
 * @param {Iterable<Upload>} queue  not empty
 * @param {{ batchFiles: number, batchBytes: number }} limits
 */
function nextBatch(queue, { batchFiles, batchBytes }) {
  /** @type {Upload[]} */
  const batch = [];
  let bytes = 0;
  for (const upload of queue) {
    const samePlace = batch.every((other) => other.destination === upload.destination);
    if (batch.length > 0 && (!samePlace || batch.length >= batchFiles || bytes + upload.size > batchBytes)) break;
    batch.push(upload);
    bytes += upload.size;
  }
  return batch;
}
