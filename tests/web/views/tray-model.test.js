/** @import { UploadRow, UploadState } from "../../../web/client/types.d.ts" */
import assert from "node:assert/strict";
import { test } from "node:test";
import { lineOf, trayOf } from "../../../web/views/tray-model.js";

/** @param {UploadState} state @param {Partial<UploadRow>} [more] @returns {UploadRow} */
const upload = (state, more = {}) => ({
  id: state, name: state, bucket: "b", key: state, size: 1000, sent: 0, state, speed: 0, secondsLeft: null, ...more,
});
const TOTAL = { size: 0, sent: 0, speed: 0, secondsLeft: null, active: 0, failed: 0, done: 0, unfinished: 0 };

test("each row stays where it was, whatever becomes of it", () => {
  /** @type {UploadState[]} */
  const states = ["done", "waiting", "cancelled", "sending", "failed", "paused"];
  const { rows } = trayOf({ uploads: states.map((state) => upload(state)), total: TOTAL });
  assert.deepEqual(rows.map(({ state }) => state), states);
});

test("of many uploads a hundred are drawn and the others counted", () => {
  const uploads = Array.from({ length: 101 }, (_, index) => upload("waiting", { id: String(index) }));
  const tray = trayOf({ uploads, total: { ...TOTAL, active: 101 } });
  assert.deepEqual([tray.rows.length, tray.hidden, tray.count], [100, 1, 101]);
});

test("of many uploads the failures are drawn, however late they were added", () => {
  const uploads = Array.from({ length: 150 }, (_, index) => upload(index === 149 ? "failed" : "waiting", { id: String(index) }));
  assert.deepEqual(trayOf({ uploads, total: TOTAL }).rows.map(({ id }) => id).slice(98), ["98", "149"]);
});

for (const [done, first] of /** @type {[number, number][]} */ ([[49, 0], [50, 50], [99, 50], [100, 100], [190, 100], [200, 100]])) {
  test(`of 200 uploads with ${done} done, the rows begin with number ${first}`, () => {
    const uploads = Array.from({ length: 200 }, (_, index) => upload(index < done ? "done" : "waiting", { id: String(index) }));
    const { rows } = trayOf({ uploads, total: TOTAL });
    assert.deepEqual([rows[0]?.id, rows.length], [String(first), 100]);
  });
}

/** @type {[UploadState[], Partial<typeof TOTAL>, string][]} */
const HEADLINES = [
  [["sending", "done"], { active: 1, done: 1 }, "Uploading · 1 of 2"],
  [["paused", "done"], { done: 1 }, "Paused · 1 of 2"],
  [["done"], { done: 1 }, "1 upload done"],
  [["done", "cancelled"], { done: 1 }, "1 upload done"],
  [["failed", "done"], { failed: 1, done: 1 }, "1 of 2 done"],
  [["cancelled"], {}, "Uploads cancelled"],
];
for (const [states, total, headline] of HEADLINES) {
  test(`${states.join(" and ")} reads "${headline}"`, () => {
    const tray = trayOf({ uploads: states.map((state) => upload(state)), total: { ...TOTAL, ...total } });
    assert.equal(tray.headline, headline);
  });
}

test("progress is bytes, speed and time left, and no time left without speed", () => {
  const moving = { sent: 500, speed: 100, secondsLeft: 5 };
  assert.equal(lineOf(upload("sending", moving)), "500 bytes of 1.0 kB · 100 bytes/s · 5 s left");
  assert.equal(lineOf(upload("sending", { ...moving, speed: 0 })), "500 bytes of 1.0 kB");
});

test("a notice takes the place of the numbers", () => {
  assert.equal(lineOf(upload("sending", { notice: "S3 was not reached." })), "S3 was not reached.");
});

test("a paused upload says whom it waits for", () => {
  assert.equal(lineOf(upload("paused", { sent: 250, pausedBy: "person" })), "Paused at 25 % of 1.0 kB");
  assert.equal(lineOf(upload("paused", { pausedBy: "sign-in" })), "Waits until you sign in");
});

test("what still needs the engine is open; done and cancelled are not", () => {
  /** @type {UploadState[]} */
  const states = ["done", "cancelled", "failed", "paused", "sending"];
  const { open } = trayOf({ uploads: states.map((state) => upload(state)), total: TOTAL });
  assert.deepEqual(open, ["b/failed", "b/paused", "b/sending"]);
});
