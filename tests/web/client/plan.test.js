/** @import { PartTarget } from "../../../web/client/types.d.ts" */
import assert from "node:assert/strict";
import { test } from "node:test";
import { PartPlan, partLength } from "../../../web/client/plan.js";
import { numbers, sorted } from "./harness.js";

/** @param {number} number @param {number} [size] @returns {PartTarget} */
function target(number, size = 10) {
  return { part_number: number, size, url: `u${number}`, method: "PUT", headers: {}, expires_at: "" };
}

/**
 * @param {number} count
 * @param {Partial<import("../../../web/client/plan.js").PlanParts>} [others]
 */
function makePlan(count, others = {}) {
  /** @type {number[][]} */
  const asked = [];
  const sign = async (/** @type {number[]} */ wanted) => {
    asked.push(wanted);
    return wanted.map((number) => target(number));
  };
  const parts = { numbers: numbers(count), partSize: 10, size: count * 10, targets: [], windowSize: 32, sign, expired: () => false };
  return { plan: new PartPlan({ ...parts, ...others }), asked };
}

/** @param {PartPlan} plan */
async function drain(plan) {
  const taken = [];
  for (let next = await plan.next(); next; next = await plan.next()) taken.push(next.part_number);
  return taken;
}

test("10,000 parts go out in order, in windows, with few URLs at a time", async () => {
  let [signed, taken, most] = [0, 0, 0];
  const sign = async (/** @type {number[]} */ wanted) => {
    assert.ok(wanted.length <= 48);
    signed += wanted.length;
    most = Math.max(most, signed - taken);
    return wanted.map((number) => target(number));
  };
  const { plan } = makePlan(10_000, { windowSize: 48, sign });
  for (const number of numbers(10_000)) {
    assert.equal((await plan.next())?.part_number, number);
    taken += 1;
  }
  assert.equal(await plan.next(), null);
  assert.equal(signed, 10_000);
  assert.ok(most <= 96, `${most} URLs at once`);
});

test("the next window is asked for before the last one is used up", async () => {
  const { plan, asked } = makePlan(100, { windowSize: 10 });
  for (const _ of numbers(6)) await plan.next();
  assert.deepEqual(asked.map((window) => window.length), [10, 10]);
});

test("many who ask at once share one request", async () => {
  const { plan, asked } = makePlan(100);
  const got = await Promise.all(numbers(6).map(() => plan.next()));
  assert.deepEqual(got.map((each) => each?.part_number), numbers(6));
  assert.equal(asked.length, 1);
});

test("parts that S3 has are neither signed nor sent", async () => {
  const { plan, asked } = makePlan(6, { numbers: [2, 5], targets: [target(1), target(2)] });
  assert.deepEqual(await drain(plan), [2, 5]);
  assert.deepEqual(asked, [[5]]);
});

test("a part given back goes next, under the same URL", async () => {
  const { plan, asked } = makePlan(3);
  const first = /** @type {PartTarget} */ (await plan.next());
  plan.giveBack(first);
  assert.equal(await plan.next(), first);
  assert.equal(asked.length, 1);
});

test("distrusted URLs are all signed again", async () => {
  const { plan, asked } = makePlan(3);
  const first = /** @type {PartTarget} */ (await plan.next());
  plan.giveBack(first);
  plan.distrust();
  assert.deepEqual(sorted(await drain(plan)), [1, 2, 3]);
  assert.deepEqual(sorted(asked[1] ?? []), [1, 2, 3]);
});

test("an expired URL is signed again", async () => {
  const old = target(1);
  const { plan, asked } = makePlan(1, { targets: [old], expired: (each) => each === old });
  assert.notEqual(await plan.next(), old);
  assert.deepEqual(asked, [[1]]);
});

test("a failure to sign reaches who asked, and the next one may succeed", async () => {
  let failed = false;
  const sign = async (/** @type {number[]} */ wanted) => {
    if (!failed) {
      failed = true;
      throw new Error("no");
    }
    return wanted.map((number) => target(number));
  };
  const { plan } = makePlan(3, { sign });
  await assert.rejects(plan.next(), /no/);
  assert.deepEqual(await drain(plan), [1, 2, 3]);
});

test("an answer that leaves out a part or states another size is refused", async () => {
  await assert.rejects(makePlan(3, { sign: async () => [target(1)] }).plan.next(), { code: "unreadable_answer" });
  await assert.rejects(makePlan(1, { sign: async () => [target(1, 11)] }).plan.next(), { code: "unreadable_answer" });
  assert.throws(() => makePlan(1, { targets: [target(1, 9)] }), { code: "unreadable_answer" });
});

/** @type {[number, number[]][]} */
const splits = [[0, [0]], [1, [1]], [9, [9]], [10, [10]], [11, [10, 1]], [20, [10, 10]], [21, [10, 10, 1]]];
for (const [size, lengths] of splits) {
  test(`${size} bytes in parts of 10 are ${lengths}`, () => {
    assert.deepEqual(lengths.map((_, index) => partLength(index + 1, 10, size)), lengths);
  });
}
