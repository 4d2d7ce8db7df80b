import assert from "node:assert/strict";
import { test } from "node:test";
import { bytes, counted, duration, exact, percent, relative, speed } from "../../../web/views/format.js";

/** @type {[number, string][]} */
const SIZES = [
  [0, "0 bytes"],
  [1, "1 byte"],
  [999, "999 bytes"],
  [1000, "1.0 kB"],
  [99_949, "99.9 kB"],
  [99_950, "100 kB"],
  [999_499, "999 kB"],
  [999_500, "1.0 MB"],
  [5 * 2 ** 40, "5.5 TB"],
  [Number.MAX_SAFE_INTEGER, "9.0 PB"],
];
for (const [size, text] of SIZES) {
  test(`${size} bytes read as ${text}`, () => assert.equal(bytes(size), text));
}

/** @type {[number, string][]} */
const DURATIONS = [
  [0, "1 s"],
  [0.2, "1 s"],
  [59, "59 s"],
  [59.1, "1 min"],
  [61, "1 min 1 s"],
  [3599, "59 min 59 s"],
  [3600, "1 h"],
  [86_399, "23 h 59 min"],
  [90_000, "1 d 1 h"],
];
for (const [seconds, text] of DURATIONS) {
  test(`${seconds} seconds read as ${text}`, () => assert.equal(duration(seconds), text));
}

test("100 % is not shown before everything is there", () => {
  assert.equal(percent(0.999_999), "99 %");
  assert.equal(percent(1), "100 %");
  assert.equal(percent(1.5), "100 %");
  assert.equal(percent(-1), "0 %");
});

test("a speed is bytes a second", () => assert.equal(speed(1_234_567.8), "1.2 MB/s"));

test("one is singular, everything else plural", () => {
  assert.deepEqual([0, 1, 2, 12_345].map((count) => counted(count, "file")), ["0 files", "1 file", "2 files", "12,345 files"]);
});

const NOW = new Date("2025-06-15T12:00:00Z");
/** @type {[string, string][]} */
const DATES = [
  ["2025-06-15T12:00:30Z", "just now"],
  ["2025-06-15T11:59:01Z", "just now"],
  ["2025-06-15T11:59:00Z", "1 min ago"],
  ["2025-06-15T11:00:01Z", "59 min ago"],
  ["2025-06-15T11:00:00Z", "1 h ago"],
  ["2025-06-14T12:00:00Z", "1 day ago"],
  ["2025-06-08T12:00:01Z", "6 days ago"],
  ["2025-06-08T12:00:00Z", "8 Jun"],
  ["2024-06-15T12:00:00Z", "15 Jun 2024"],
  ["2025-06-20T12:00:00Z", "20 Jun"],
];
for (const [date, text] of DATES) {
  test(`at noon of 15 June 2025, ${date} reads as ${text}`, () => {
    assert.equal(relative(new Date(date), NOW, "UTC").replace("June", "Jun"), text);
  });
}

test("the exact time has seconds", () => assert.match(exact(NOW, "UTC"), /15 Jun 2025.*12:00:00/));
