import assert from "node:assert/strict";
import { test } from "node:test";
import { Slots } from "../../../web/client/slots.js";
import { gate } from "./harness.js";

const signal = new AbortController().signal;

test("no more run at once than there are slots", async () => {
  const slots = new Slots(2);
  let running = 0;
  let most = 0;
  const job = async () => {
    most = Math.max(most, ++running);
    await Promise.resolve();
    running -= 1;
  };
  await Promise.all(Array.from({ length: 20 }, (_, rank) => slots.use({ rank, signal: new AbortController().signal }, job)));
  assert.equal(most, 2);
});

test("the lower rank goes first, equal ranks in their order", async () => {
  const slots = new Slots(1);
  const door = gate();
  /** @type {string[]} */
  const order = [];
  const first = slots.use({ rank: 9, signal }, () => door.opened);
  const later = ["3a", "1a", "2a", "1b", "3b"].map((name) => (
    slots.use({ rank: Number(name[0]), signal }, async () => void order.push(name))));
  door.open();
  await Promise.all([first, ...later]);
  assert.deepEqual(order, ["1a", "1b", "2a", "3a", "3b"]);
});

test("who is stopped while waiting takes no slot", async () => {
  const slots = new Slots(1);
  const door = gate();
  const stop = new AbortController();
  const first = slots.use({ rank: 1, signal }, () => door.opened);
  const stopped = slots.use({ rank: 2, signal: stop.signal }, async () => "ran");
  const third = slots.use({ rank: 3, signal }, async () => "ran");
  stop.abort();
  await assert.rejects(stopped, { kind: "aborted" });
  door.open();
  await first;
  assert.equal(await third, "ran");
});

test("a job that fails gives its slot back", async () => {
  const slots = new Slots(1);
  await assert.rejects(slots.use({ rank: 1, signal }, () => Promise.reject(new Error("no"))), /no/);
  assert.equal(await slots.use({ rank: 1, signal }, async () => "ran"), "ran");
});
