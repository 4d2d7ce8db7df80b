import assert from "node:assert/strict";
import { test } from "node:test";
import { ServerClock } from "../../../web/client/serverclock.js";

test("a URL counts as expired from its margin on, by the broker's time", () => {
  let now = 5_000;
  const clock = new ServerClock(() => now);
  clock.observe("2031-01-01T00:00:00Z");
  const end = "2031-01-01T00:01:00Z";
  now = 5_000 + 49_999;
  assert.equal(clock.expired(end, 10_000), false);
  now += 1;
  assert.equal(clock.expired(end, 10_000), true);
});

test("before the broker has told its time nothing counts as expired", () => {
  const clock = new ServerClock(() => 0);
  clock.observe(null);
  clock.observe("no time at all");
  assert.equal(clock.expired("1999-01-01T00:00:00Z", 0), false);
});
