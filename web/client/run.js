/**
 * One upload from its ticket to its object.
 *
 * @import { Ticket, Upload } from "./upload.js"
 * @import { Tools } from "./tools.js"
 */

import { BrokerError, FinishedElsewhere, UploadForgotten } from "./errors.js";
import { exclusively } from "./locks.js";
import { sendParts } from "./parts.js";

/** How often parts that S3 turns out to miss are sent again. */
const ROUNDS = 3;

/**
 * Throws `UploadForgotten` when only a new upload helps.
 *
 * @param {Upload} upload  with a ticket
 * @param {Tools} tools
 */
export async function runUpload(upload, tools) {
  const { signal } = upload.controller;
  const ticket = /** @type {Ticket} */ (upload.ticket);
  const onWait = () => upload.wait("Another tab or window is sending this file.");
  try {
    await exclusively(tools.locks, `presign-broker upload ${ticket.id}`, { signal, onWait }, async (waited) => {
      if (!ticket.known) await takeUp(upload, ticket, tools, waited);
      await sendAndComplete(upload, ticket, tools);
    });
  } catch (error) {
    if (isForgotten(error)) throw new UploadForgotten("", { cause: error });
    throw upload.existed && isReplaced(error) ? alreadyThere(error) : error;
  }
}

/**
 * Learns what S3 has of an upload that others may have gone on with. One that is complete was finished
 * by them; where it was only guessed to be this file's, and nobody is at it, this file is a new upload.
 *
 * @param {Upload} upload
 * @param {Ticket} ticket
 * @param {Tools} tools
 * @param {boolean} waited
 */
async function takeUp(upload, ticket, tools, waited) {
  const work = { upload, signal: upload.controller.signal };
  const status = await tools.ask((call) => tools.broker.getUpload(ticket.id, call), work);
  const finished = status.state === "complete" && (waited || !ticket.found);
  const usable = status.state === "pending" && status.part_size !== null && status.part_count !== null;
  if (!finished && (!usable || status.size !== upload.size)) throw new UploadForgotten();
  ticket.partSize = status.part_size ?? 0;
  ticket.partCount = finished ? 0 : status.part_count ?? 0;
  const present = status.parts.filter((part) => part.size === upload.partLength(part.part_number));
  upload.progress.know(present);
  ticket.found = false;
  ticket.known = true;
  upload.resumedParts = present.length;
  upload.changed();
}

/**
 * @param {Upload} upload
 * @param {Ticket} ticket
 * @param {Tools} tools
 */
async function sendAndComplete(upload, ticket, tools) {
  for (let round = 1; ; round += 1) {
    upload.enter("sending");
    await sendParts(upload, tools, upload.controller.signal).catch(unlessFinished);
    upload.enter("completing");
    try {
      return await complete(upload, ticket, tools);
    } catch (error) {
      if (!(error instanceof BrokerError) || error.missing.length === 0 || round === ROUNDS) throw error;
      for (const number of error.missing) upload.progress.drop(number);
    }
  }
}

/**
 * Safe to repeat: the broker answers the same as long as the object is there.
 *
 * @param {Upload} upload
 * @param {Ticket} ticket
 * @param {Tools} tools
 */
async function complete(upload, ticket, tools) {
  const { signal } = upload.controller;
  if (ticket.strategy === "put") return tools.patiently(() => tools.completer.complete(ticket.id), { upload, signal });
  return tools.ask((call) => tools.broker.completeUpload(ticket.id, {}, call), { upload, signal });
}

/** @param {unknown} error */
function unlessFinished(error) {
  if (!(error instanceof FinishedElsewhere)) throw error;
}

/** @param {unknown} error */
function isForgotten(error) {
  return error instanceof UploadForgotten ||
    (error instanceof BrokerError && ["upload_gone", "upload_not_found"].includes(error.code));
}

/**
 * @param {unknown} error
 * @returns {error is BrokerError}
 */
function isReplaced(error) {
  return error instanceof BrokerError && error.code === "object_replaced";
}

/** What the broker cannot know: this upload never wrote a byte. @param {BrokerError} error */
function alreadyThere({ status, requestId }) {
  const detail = "An object of this name exists already, and it must not be overwritten.";
  return new BrokerError({ code: "object_exists", status, detail, requestId });
}
