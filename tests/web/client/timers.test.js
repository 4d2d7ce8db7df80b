import assert from "node:assert/strict";
import { test } from "node:test";
import { TransportError } from "../../../web/client/errors.js";
import { Timers, allAborted, onAbort, together } from "../../../web/client/timers.js";
import { ManualClock } from "./manual-clock.js";

const signal = new AbortController().signal;

/** Ends when it is aborted only. @param {AbortSignal} own @returns {Promise<never>} */
function hanging(own) {
  return new Promise((_, reject) => onAbort(own, () => reject(new TransportError("aborted"))));
}

test("a request that moves no byte for 30 s is given up as stalled", async () => {
  const clock = new ManualClock();
  const work = new Timers(clock).within(hanging, { signal, limit: 30_000, where: "s3" });
  const outcome = work.catch((error) => error.kind);
  await clock.pass(29_999);
  assert.equal(clock.pending, 1);
  await clock.pass(1);
  assert.equal(await outcome, "stalled");
});

test("a request that keeps moving may take for ever", async () => {
  const clock = new ManualClock();
  /** @type {(milliseconds: number) => void} */
  let extend = () => {};
  const work = new Timers(clock).within((own, more) => {
    extend = more;
    return hanging(own);
  }, { signal, limit: 30_000, where: "s3" });
  const outcome = work.catch((error) => error.kind);
  for (let step = 0; step < 100; step += 1) {
    await clock.pass(29_000);
    extend(30_000);
  }
  assert.equal(clock.pending, 1);
  await clock.pass(30_000);
  assert.equal(await outcome, "stalled");
});

test("news that come after the end set no timer", async () => {
  const clock = new ManualClock();
  /** @type {(milliseconds: number) => void} */
  let extend = () => {};
  await new Timers(clock).within(async (_, more) => { extend = more; }, { signal, limit: 30_000, where: "s3" });
  extend(30_000);
  assert.equal(clock.pending, 0);
});

test("being stopped is not a standstill", async () => {
  const clock = new ManualClock();
  const stop = new AbortController();
  const work = new Timers(clock).within(hanging, { signal: stop.signal, limit: 30_000, where: "s3" });
  stop.abort();
  await assert.rejects(work, { kind: "aborted" });
  assert.equal(clock.pending, 0);
});

test("the first failure of a crew stops the others and is the one that is thrown", async () => {
  const boom = new Error("boom");
  await assert.rejects(together(signal, (own) => [hanging(own), Promise.reject(boom), hanging(own)]), boom);
});

test("a crew is over when its last task has ended", async () => {
  let ended = 0;
  const task = async () => { ended += 1; };
  await together(signal, () => [task(), task(), task()]);
  assert.equal(ended, 3);
});

test("a batch is stopped when each of its members is", () => {
  const members = [new AbortController(), new AbortController()];
  const all = allAborted(members.map((member) => member.signal));
  members[0]?.abort();
  assert.equal(all.aborted, false);
  members[1]?.abort();
  assert.equal(all.aborted, true);
});

test("a sleeper that is woken leaves no timer and no listener behind", async () => {
  const clock = new ManualClock();
  /** @type {Set<() => void>} */
  const listeners = new Set();
  const sleep = new Timers(clock).sleep(60_000, signal, (listener) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  });
  for (const listener of listeners) listener();
  await sleep;
  assert.deepEqual([clock.pending, listeners.size], [0, 0]);
});
