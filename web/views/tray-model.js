/**
 * What the upload tray says: the engine's snapshot, ordered and put into words. Pure.
 *
 * @import { Snapshot, Total, UploadRow, UploadState } from "../client/types.d.ts"
 * @typedef {object} Tray
 * @property {readonly UploadRow[]} rows  as they were added; at most SHOWN, failures before others
 * @property {number} hidden              rows beyond those
 * @property {number} count               all that were not cancelled
 * @property {readonly string[]} open      `bucket/key` of every upload that still needs the engine
 * @property {Total} total
 * @property {string} headline
 * @property {string} detail
 * @property {boolean} paused             nothing moves, because it is paused
 */
import { bytes, counted, duration, percent, speed } from "./format.js";

/** Rows drawn at once: a folder of 60,000 files must not make 60,000 elements. */
const SHOWN = 100;

/** Of more uploads than are drawn, the first ones leave by this many: rows seldom move under the pointer. */
const STEP = 50;

/** @type {ReadonlySet<UploadState>} */
export const ENDED = new Set(/** @type {UploadState[]} */ (["done", "cancelled"]));

/** @type {Tray} */
export const EMPTY_TRAY = {
  rows: [],
  hidden: 0,
  count: 0,
  open: [],
  total: { size: 0, sent: 0, speed: 0, secondsLeft: null, active: 0, failed: 0, done: 0, unfinished: 0 },
  headline: "",
  detail: "",
  paused: false,
};

/** @param {Snapshot} snapshot @returns {Tray} */
export function trayOf({ uploads, total }) {
  const rows = rowsOf(uploads);
  const count = uploads.filter(({ state }) => state !== "cancelled").length;
  const paused = total.active === 0 && uploads.some(({ state }) => state === "paused");
  return {
    rows,
    hidden: uploads.length - rows.length,
    count,
    open: uploads.filter(({ state }) => !ENDED.has(state)).map(({ bucket, key }) => `${bucket}/${key}`),
    total,
    paused,
    headline: headline(total, count, paused),
    detail: total.active > 0 || paused ? progressOf(total.sent, total.size, total.speed, total.secondsLeft) : "",
  };
}

/** The style sheet puts failures on top: an element that moved would lose the focus. @param {readonly UploadRow[]} uploads */
function rowsOf(uploads) {
  const failures = uploads.filter(({ state }) => state === "failed").slice(0, SHOWN);
  const others = uploads.filter(({ state }) => state !== "failed");
  const room = SHOWN - failures.length;
  const open = others.findIndex(({ state }) => !ENDED.has(state));
  const passed = open < 0 ? others.length : Math.floor(open / STEP) * STEP;
  const from = Math.max(0, Math.min(passed, others.length - room));
  const shown = new Set([...failures, ...others.slice(from, from + room)]);
  return uploads.filter((row) => shown.has(row));
}

/** @param {Total} total @param {number} count @param {boolean} paused */
function headline({ active, done }, count, paused) {
  if (active > 0) return `Uploading · ${done} of ${count}`;
  if (paused) return `Paused · ${done} of ${count}`;
  if (count === 0) return "Uploads cancelled";
  return done === count ? `${counted(count, "upload")} done` : `${done} of ${count} done`;
}

/** @param {number} sent @param {number} size @param {number} rate @param {number | null} secondsLeft */
function progressOf(sent, size, rate, secondsLeft) {
  const parts = [`${bytes(sent)} of ${bytes(size)}`];
  if (rate > 0) parts.push(speed(rate));
  if (rate > 0 && secondsLeft !== null) parts.push(`${duration(secondsLeft)} left`);
  return parts.join(" · ");
}

/** The line below an upload's name. @param {UploadRow} row */
export function lineOf({ state, size, sent, speed: rate, secondsLeft, pausedBy, notice }) {
  /** @type {Record<UploadState, string>} */
  const lines = {
    waiting: `Waiting · ${bytes(size)}`,
    fingerprinting: `Reading the file · ${bytes(size)}`,
    starting: `Starting · ${bytes(size)}`,
    sending: progressOf(sent, size, rate, secondsLeft),
    paused: pausedBy === "sign-in" ? "Waits until you sign in" : `Paused at ${percent(ratio(sent, size))} of ${bytes(size)}`,
    completing: `Finishing · ${bytes(size)}`,
    done: bytes(size),
    failed: "",
    cancelled: "Cancelled",
  };
  return notice ?? lines[state];
}

/** An empty file is there as soon as it is sent. @param {number} sent @param {number} size */
const ratio = (sent, size) => (size === 0 ? 1 : sent / size);
