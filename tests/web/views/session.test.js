/** @import { Answer } from "./harness.js" */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Session } from "../../../web/views/session.js";
import { BUCKETS, ME, Refusal, SESSION, brokerOf, engineOf, storeOf } from "./harness.js";

const WORKING = {
  "GET /v1/config": () => ({ version: "1", sign_in: { local: true, issuers: [] }, features: { strategies: [], write_once: true } }),
  "GET /v1/me": () => ME,
  "GET /v1/buckets": () => ({ buckets: BUCKETS }),
  "POST /v1/session": () => SESSION,
  "POST /v1/session/renew": () => SESSION,
  "DELETE /v1/session": () => ({}),
};
const NOBODY = () => new Refusal(401, "unauthenticated");

/** @param {Record<string, Answer>} [answers] */
function sessionOf(answers = {}) {
  const store = storeOf();
  const { broker, asked } = brokerOf({ ...WORKING, ...answers }, () => session.expire());
  const { engine, calls, show, total } = engineOf();
  /** @type {{milliseconds: number, run: () => void}[]} */
  const timers = [];
  const after = (/** @type {number} */ milliseconds, /** @type {() => void} */ run) => void timers.push({ milliseconds, run });
  const session = new Session({
    broker, engine, store, after, enter: async () => void calls.push("enter"), reload: () => void calls.push("reload"),
  });
  return { session, store, asked, calls, timers, show, total };
}
const ALICE = { username: "alice", password: "secret" };

test("a living session opens the first folder", async () => {
  const { session, store, calls } = sessionOf();
  await session.start();
  assert.equal(store.get().session, "signed-in");
  assert.deepEqual(calls, ["enter"]);
});

test("without a session the form is shown, without an error", async () => {
  const { session, store } = sessionOf({ "GET /v1/me": NOBODY });
  await session.start();
  assert.equal(store.get().session, "signed-out");
  assert.equal(store.get().failure, null);
});

test("a broker that does not answer is not taken for a missing session", async () => {
  const { session, store } = sessionOf({ "GET /v1/me": () => new Refusal(503, "s3_unavailable") });
  await session.start();
  assert.equal(store.get().session, "unreachable");
});

test("a wrong password is said on the form, and nobody is signed in", async () => {
  const { session, store } = sessionOf({ "GET /v1/me": NOBODY, "POST /v1/session": () => new Refusal(401, "invalid_credentials") });
  await session.start();
  await session.signIn(ALICE);
  assert.equal(store.get().session, "signed-out");
  assert.equal(store.get().signIn.failure?.message, "The user name or the password is wrong.");
  assert.equal(store.get().signIn.busy, false);
});

test("the session is renewed after 60 % of its life, again and again", async () => {
  const { session, asked, timers } = sessionOf();
  await session.start();
  assert.deepEqual(timers.map(({ milliseconds }) => milliseconds), [540_000]);
  timers[0]?.run();
  await new Promise(setImmediate);
  assert.equal(asked.filter(({ path }) => path === "/v1/session/renew").length, 2);
  assert.equal(timers.length, 2);
});

test("a renewal that finds no broker is tried again in half a minute", async () => {
  let renewals = 0;
  const { session, timers } = sessionOf({ "POST /v1/session/renew": () => (renewals++ ? new Refusal(503, "down") : SESSION) });
  await session.start();
  timers[0]?.run();
  await new Promise(setImmediate);
  assert.equal(timers[1]?.milliseconds, 30_000);
});

test("a 401 in a living session asks for a new sign-in and keeps the page", async () => {
  let living = true;
  const { session, store, timers } = sessionOf({ "POST /v1/session/renew": () => (living ? SESSION : NOBODY()) });
  await session.start();
  living = false;
  timers[0]?.run();
  await new Promise(setImmediate);
  assert.equal(store.get().session, "expired");
  assert.deepEqual(store.get().buckets, BUCKETS);
});

test("the same person goes on: uploads that waited continue, nothing is reloaded", async () => {
  const { session, store, calls } = sessionOf();
  await session.start();
  session.expire();
  await session.signIn(ALICE);
  assert.equal(store.get().session, "signed-in");
  assert.deepEqual(calls.filter((call) => call !== "enter"), ["signedIn"]);
});

test("another person gets a page that holds nothing of the one before", async () => {
  let sub = "alice";
  const { session, calls } = sessionOf({ "GET /v1/me": () => ({ ...ME, sub }) });
  await session.start();
  session.expire();
  sub = "bob";
  await session.signIn({ username: "bob", password: "secret" });
  assert.deepEqual(calls.slice(-2), ["pauseAll", "reload"]);
  assert.ok(!calls.includes("signedIn"));
});

test("signing out leaves nothing in memory, nor in this browser's notes of uploads", async () => {
  const { session, calls } = sessionOf();
  await session.start();
  await session.signOut();
  assert.deepEqual(calls.slice(-3), ["forget", "pauseAll", "reload"]);
});

test("with an unfinished upload, signing out is asked about first", async () => {
  const { session, store, asked, calls, show, total } = sessionOf();
  await session.start();
  show({ uploads: [], total: { ...total, unfinished: 1 } });
  await session.signOut();
  assert.ok(!asked.some(({ method }) => method === "DELETE"));
  store.get().question?.choices.at(-1)?.run();
  await new Promise(setImmediate);
  assert.equal(calls.at(-1), "reload");
});

for (const [features, writeOnce] of /** @type {[object, boolean][]} */ ([[{ write_once: true }, true], [{ write_once: false }, false]])) {
  test(`with ${JSON.stringify(features)}, the storage ${writeOnce ? "guards" : "does not guard"} what exists`, async () => {
    const config = { version: "1", sign_in: { local: true, issuers: [] }, features: { strategies: [], ...features } };
    const { session, store } = sessionOf({ "GET /v1/config": () => config });
    await session.start();
    assert.equal(store.get().writeOnce, writeOnce);
  });
}

test("a sign-out that failed says so and stays", async () => {
  const { session, store, calls } = sessionOf({ "DELETE /v1/session": () => new Refusal(503, "down") });
  await session.start();
  await session.signOut();
  assert.equal(store.get().failure?.title, "You are still signed in");
  assert.ok(!calls.includes("reload"));
});
