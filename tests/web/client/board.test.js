/** @import { Snapshot, UploadState } from "../../../web/client/types.d.ts" */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Board } from "../../../web/client/board.js";
import { Timers } from "../../../web/client/timers.js";
import { Upload } from "../../../web/client/upload.js";
import { ManualClock } from "./manual-clock.js";

/** @param {ManualClock} clock */
function makeBoard(clock) {
  /** @type {Map<string, Upload>} */
  const uploads = new Map();
  const board = new Board({ uploads, timers: new Timers(clock), every: 200 });
  /** @param {number} size @param {UploadState} state @param {number} [sent] */
  const show = (size, state, sent = 0) => {
    const upload = new Upload({
      id: `u${uploads.size}`, rank: 0, file: new Blob([new Uint8Array(size)]), name: "n", destination: {}, now: clock.clock,
      onChange: () => board.changed(), onBytes: (bytes) => board.speed.add(bytes, clock.clock()),
    });
    uploads.set(upload.id, upload);
    upload.enter(state);
    upload.progress.move(1, sent);
    return upload;
  };
  return { board, show };
}

test("many changes are told together, after the pause between two notifications", async () => {
  const clock = new ManualClock();
  const { board, show } = makeBoard(clock);
  /** @type {number[]} */
  const told = [];
  board.subscribe(() => told.push(clock.clock()));
  const upload = show(100, "paused");
  for (let change = 0; change < 50; change += 1) upload.changed();
  await clock.pass(199);
  assert.deepEqual(told, []);
  await clock.pass(1);
  upload.changed();
  await clock.pass(5_000);
  assert.deepEqual(told, [200, 400]);
});

test("while something is on its way its speed is told each second, changed or not", async () => {
  const clock = new ManualClock();
  const { board, show } = makeBoard(clock);
  /** @type {Snapshot[]} */
  const told = [];
  const upload = show(1_000_000, "sending");
  board.subscribe((snapshot) => told.push(snapshot));
  await clock.pass(1_000);
  upload.progress.move(1, 50_000);
  upload.changed();
  await clock.pass(4_200);
  const speeds = told.map(({ uploads }) => uploads[0]?.speed ?? 0);
  assert.equal(told.length, 5);
  assert.ok(speeds.every((speed, index) => index < 2 || speed < (speeds[index - 1] ?? 0)), `${speeds}`);
  assert.equal(clock.pending, 1, "one tick to come, not two");
});

test("a change does not wait for the tick, and takes its place", async () => {
  const clock = new ManualClock();
  const { board, show } = makeBoard(clock);
  /** @type {number[]} */
  const told = [];
  board.subscribe(() => told.push(clock.clock()));
  const upload = show(100, "sending");
  await clock.pass(900);
  upload.changed();
  await clock.pass(900);
  assert.deepEqual(told, [200, 1100]);
});

test("nobody listening, nothing is timed", () => {
  const clock = new ManualClock();
  makeBoard(clock).show(100, "sending");
  assert.equal(clock.pending, 0);
});

test("the total counts what is on its way, leaves out what failed or was cancelled", () => {
  const { board, show } = makeBoard(new ManualClock());
  show(100, "done");
  show(200, "sending", 50);
  show(300, "paused", 30);
  show(400, "waiting");
  show(500, "cancelled");
  show(600, "sending").fail(new TypeError("a bug"));
  const { size, sent, active, unfinished, failed, done, secondsLeft } = board.snapshot().total;
  assert.deepEqual(
    { size, sent, active, unfinished, failed, done, secondsLeft },
    { size: 1000, sent: 180, active: 2, unfinished: 3, failed: 1, done: 1, secondsLeft: null },
  );
});

test("an upload that is paused has no speed", async () => {
  const clock = new ManualClock();
  const upload = makeBoard(clock).show(1000, "sending");
  await clock.pass(1_000);
  upload.progress.move(1, 500);
  await clock.pass(1_000);
  assert.ok(upload.row().speed > 0);
  upload.stop("pause");
  assert.equal(upload.row().speed, 0);
});

test("a fault of our own is shown as one, without its words", () => {
  const upload = makeBoard(new ManualClock()).show(10, "sending");
  upload.fail(new TypeError("x is undefined"));
  const message = "Something unexpected went wrong in this page.";
  assert.deepEqual(upload.row().error, { code: "internal", message, status: 0, requestId: null });
});
