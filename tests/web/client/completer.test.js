import assert from "node:assert/strict";
import { test } from "node:test";
import { Completer } from "../../../web/client/completer.js";
import { gate, numbers } from "./harness.js";

/** @param {string} id */
function done(id) {
  const object = { bucket: "b", key: id, size: 1, type: "t", etag: "e", version_id: null };
  return { id, state: /** @type {const} */ ("complete"), object };
}

test("who asks while a request is under way shares the next one, up to 1,000", async () => {
  const door = gate();
  /** @type {number[]} */
  const sent = [];
  const completer = new Completer(async (ids) => {
    sent.push(ids.length);
    await door.opened;
    return { uploads: ids.map(done) };
  });
  const all = numbers(1002).map((number) => completer.complete(`${number}`));
  door.open();
  assert.deepEqual((await Promise.all(all)).map(({ key }) => Number(key)), numbers(1002));
  assert.deepEqual(sent, [1, 1000, 1]);
});

test("an item that fails, or is left out of the answer, fails alone", async () => {
  const error = { code: "object_replaced", status: 409, detail: "Replaced." };
  const answered = (/** @type {string[]} */ ids) => ids.filter((id) => id !== "lost");
  const completer = new Completer(async (ids) => ({
    uploads: answered(ids).map((id) => (id === "bad" ? { id, error } : done(id))),
  }));
  const results = await Promise.allSettled(["good", "bad", "lost", "good2"].map((id) => completer.complete(id)));
  const outcomes = results.map((each) => (each.status === "fulfilled" ? each.value.key : each.reason.code));
  assert.deepEqual(outcomes, ["good", "object_replaced", "unreadable_answer", "good2"]);
});

test("a request that fails leaves the next one a chance", async () => {
  let tries = 0;
  const completer = new Completer(async (ids) => {
    if (++tries === 1) throw new Error("no");
    return { uploads: ids.map(done) };
  });
  await assert.rejects(completer.complete("a"), /no/);
  assert.equal((await completer.complete("a")).key, "a");
});
