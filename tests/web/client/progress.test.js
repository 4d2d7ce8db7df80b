import assert from "node:assert/strict";
import { test } from "node:test";
import { Progress, Speedometer, secondsLeft } from "../../../web/client/progress.js";

/**
 * Adds bytes evenly, ten times a second.
 *
 * @param {Speedometer} speed
 * @param {{ from: number, seconds: number, perSecond: number }} stretch
 */
function drive(speed, { from, seconds, perSecond }) {
  for (let tick = 1; tick <= seconds * 10; tick += 1) speed.add(perSecond / 10, from + tick * 100);
  return from + seconds * 1000;
}

/** @param {number} actual @param {number} expected */
function near(actual, expected) {
  assert.ok(Math.abs(actual - expected) <= expected * 0.15 + 1, `${actual} is not near ${expected}`);
}

test("an even speed is told right from the first seconds on", () => {
  for (const seconds of [1, 2, 10, 100]) {
    const speed = new Speedometer();
    speed.start(0);
    near(speed.rate(drive(speed, { from: 0, seconds, perSecond: 5000 })), 5000);
  }
});

test("a change of speed is followed within half a minute", () => {
  const speed = new Speedometer();
  speed.start(0);
  const slow = drive(speed, { from: 0, seconds: 60, perSecond: 1000 });
  near(speed.rate(drive(speed, { from: slow, seconds: 30, perSecond: 9000 })), 9000);
});

test("the speed sinks while nothing moves", () => {
  const speed = new Speedometer();
  speed.start(0);
  const end = drive(speed, { from: 0, seconds: 20, perSecond: 1000 });
  const [soon, later] = [speed.rate(end + 5_000), speed.rate(end + 60_000)];
  assert.ok(soon < 700 && later < 2, `${soon} ${later}`);
});

test("time that nobody measured does not count", () => {
  const speed = new Speedometer();
  speed.start(0);
  drive(speed, { from: 0, seconds: 10, perSecond: 1000 });
  speed.stop();
  assert.equal(speed.rate(20_000), 0);
  speed.start(3_600_000);
  near(speed.rate(drive(speed, { from: 3_600_000, seconds: 3, perSecond: 400 })), 400);
});

for (const [bytes, speed, expected] of /** @type {const} */ ([[1000, 100, 10], [1001, 100, 11], [0, 0, 0], [1, 0, null]])) {
  test(`${bytes} bytes at ${speed} bytes/s take ${expected} s`, () => assert.equal(secondsLeft(bytes, speed), expected));
}

test("what is shown counts parts that landed and parts on their way", () => {
  const progress = new Progress();
  progress.found(1, 100);
  progress.move(2, 30);
  progress.move(3, 5);
  assert.equal(progress.shown, 135);
  progress.land(2, 100);
  assert.equal(progress.shown, 205);
});

test("what is shown does not fall when a part is lost, and rises again only past it", () => {
  const progress = new Progress();
  progress.found(1, 100);
  progress.move(2, 90);
  assert.equal(progress.shown, 190);
  progress.drop(2);
  progress.drop(1);
  assert.equal(progress.shown, 190);
  progress.land(1, 100);
  progress.land(2, 100);
  assert.equal(progress.shown, 200);
});

test("a part that lands twice counts once", () => {
  const progress = new Progress();
  progress.land(1, 100);
  progress.land(1, 100);
  assert.equal(progress.shown, 100);
});

test("a new start shows nothing sent", () => {
  const progress = new Progress();
  progress.land(1, 100);
  assert.equal(progress.shown, 100);
  progress.restart();
  assert.equal(progress.shown, 0);
});

test("each byte that leaves is heard once, also when its part lands", () => {
  let heard = 0;
  const progress = new Progress((bytes) => { heard += bytes; });
  progress.move(1, 40);
  progress.move(1, 70);
  progress.land(1, 100);
  progress.found(2, 100);
  assert.equal(heard, 100);
});
