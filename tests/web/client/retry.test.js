/** @import { Online } from "../../../web/client/types.d.ts" */
import assert from "node:assert/strict";
import { test } from "node:test";
import { BrokerError, TransportError } from "../../../web/client/errors.js";
import { Patience, backoff, keepTrying, passes } from "../../../web/client/retry.js";
import { Timers } from "../../../web/client/timers.js";
import { ManualClock } from "./manual-clock.js";

const full = () => 0.999999;
const limits = { backoffBase: 1000, backoffCap: 30_000, patience: 600_000 };
const signal = new AbortController().signal;
const online = { isOnline: () => true, onOnline: () => () => {} };

/** @param {number} status @param {number | null} [retryAfter] */
function refused(status, retryAfter = null) {
  return new BrokerError({ code: "x", status, detail: "No.", retryAfter });
}

/** @param {ManualClock} clock @param {Online} [network] */
function makePatience(clock, network = online) {
  return new Patience({ timers: new Timers(clock), random: full, online: network, limits });
}

test("the wait doubles up to the cap", () => {
  const waits = [0, 1, 2, 3, 4, 5, 6, 40].map((attempt) => Math.round(backoff({ attempt, random: full, base: 1000, cap: 30_000 })));
  assert.deepEqual(waits, [1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000]);
});

test("the jitter is full: from nothing to the whole wait", () => {
  assert.equal(backoff({ attempt: 3, random: () => 0, base: 1000, cap: 30_000 }), 0);
  assert.equal(backoff({ attempt: 3, random: () => 0.5, base: 1000, cap: 30_000 }), 4000);
});

for (const [retryAfter, wait] of /** @type {const} */ ([
  [0, 500], [7, 7000], [119, 119_000], [120, 120_000], [121, 120_000], [999_999, 120_000],
])) {
  test(`Retry-After: ${retryAfter} means at least ${wait} ms`, () => {
    assert.equal(backoff({ attempt: 0, random: () => 0.5, base: 1000, cap: 30_000, retryAfter }), wait);
  });
}

for (const [status, expected] of /** @type {const} */ ([
  [400, false], [401, false], [403, false], [404, false], [407, false], [408, true], [409, false], [428, false], [429, true],
  [430, false], [499, false], [500, true], [502, true], [503, true], [504, true],
])) {
  test(`a ${status} of the broker ${expected ? "may pass" : "stays"}`, () => assert.equal(passes(refused(status)), expected));
}

test("what may pass at S3: no answer, a standstill, a conflict, throttling; not a refusal", () => {
  const s3 = (/** @type {number} */ status) => passes(new TransportError("s3", { status }));
  assert.ok(passes(new TransportError("network")) && passes(new TransportError("stalled")));
  assert.ok(s3(409) && s3(429) && s3(500) && s3(503));
  assert.ok(!s3(400) && !s3(403) && !s3(404) && !s3(412));
  assert.ok(!passes(new TransportError("aborted")) && !passes(new TypeError("a bug")));
});

test("a broker that S3 refuses is no fault that passes", () => {
  assert.equal(passes(new BrokerError({ code: "s3_refused", status: 502, detail: "" })), false);
});

test("one fault may last ten minutes and no longer", async () => {
  const clock = new ManualClock();
  let tries = 0;
  const failing = () => {
    tries += 1;
    return Promise.reject(refused(503));
  };
  const outcome = keepTrying(failing, makePatience(clock), signal).catch((error) => error);
  await clock.pass(599_000);
  const before = tries;
  await clock.pass(60_000);
  assert.equal((await outcome).status, 503);
  assert.equal(tries, before + 1);
});

test("a success in between gives patience anew", async () => {
  const clock = new ManualClock();
  const patience = makePatience(clock);
  for (const _ of [1, 2, 3]) {
    const wait = patience.wait(refused(503), signal);
    await clock.pass(500_000);
    await wait;
    patience.reset();
  }
  const wait = patience.wait(refused(503), signal);
  await clock.pass(1000);
  await assert.doesNotReject(wait);
});

test("who waits can be stopped at once, and leaves no timer behind", async () => {
  const clock = new ManualClock();
  const stop = new AbortController();
  const wait = makePatience(clock).wait(refused(503, 60), stop.signal);
  await clock.pass(10);
  stop.abort();
  await assert.rejects(wait, { kind: "aborted" });
  assert.equal(clock.pending, 0);
});

test("offline, patience does not run out; back online it counts from there", async () => {
  const clock = new ManualClock();
  let isOnline = false;
  const patience = makePatience(clock, { isOnline: () => isOnline, onOnline: () => () => {} });
  const failing = () => Promise.reject(refused(503));
  let over = false;
  const outcome = keepTrying(failing, patience, signal).catch((error) => {
    over = true;
    return error;
  });
  await clock.pass(6_000_000);
  isOnline = true;
  await clock.pass(569_000);
  assert.equal(over, false);
  await clock.pass(91_000);
  assert.equal((await outcome).status, 503);
});

test("so many tries and no more, where a number is given; offline none counts", async () => {
  const clock = new ManualClock();
  const patience = makePatience(clock);
  const away = makePatience(clock, { isOnline: () => false, onOnline: () => () => {} });
  for (const _ of [1, 2]) {
    const waits = Promise.all([patience.wait(refused(503), signal, 2), away.wait(refused(503), signal, 0)]);
    await clock.pass(30_000);
    await waits;
  }
  await assert.rejects(patience.wait(refused(503), signal, 2), { status: 503 });
});
