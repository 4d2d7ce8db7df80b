/** @import { FetchLike } from "../../../web/client/types.d.ts" */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Broker } from "../../../web/client/broker.js";
import { Timers, onAbort } from "../../../web/client/timers.js";
import { ManualClock } from "./manual-clock.js";

/**
 * A `fetch` at the edge that answers one thing and keeps what it was asked.
 *
 * @param {{ status?: number, body?: unknown, headers?: Record<string, string> }} [answer]
 */
function fakeFetch({ status = 200, body = {}, headers = {} } = {}) {
  /** @type {{ url: string, init: Parameters<FetchLike>[1] }[]} */
  const asked = [];
  /** @type {FetchLike} */
  const fetch = async (url, init) => {
    asked.push({ url, init });
    const text = typeof body === "string" ? body : JSON.stringify(body);
    return { status, headers: { get: (name) => headers[name] ?? null }, text: async () => text };
  };
  return { fetch, asked };
}

const ID = "a/b c?d#ü";
const PATH = "/v1/uploads/a%2Fb%20c%3Fd%23%C3%BC";

/** @type {[string, (broker: Broker) => Promise<unknown>, string, string, unknown][]} */
const operations = [
  ["config", (broker) => broker.config(), "GET", "/v1/config", undefined],
  ["me", (broker) => broker.me(), "GET", "/v1/me", undefined],
  ["signIn", (broker) => broker.signIn({ username: "u", password: "p" }), "POST", "/v1/session", { username: "u", password: "p" }],
  ["renew", (broker) => broker.renew(), "POST", "/v1/session/renew", undefined],
  ["signOut", (broker) => broker.signOut(), "DELETE", "/v1/session", undefined],
  ["listBuckets", (broker) => broker.listBuckets(), "GET", "/v1/buckets", undefined],
  ["createUploads", (broker) => broker.createUploads({ bucket: "b", files: [] }), "POST", "/v1/uploads", { bucket: "b", files: [] }],
  [
    "listUploads", (broker) => broker.listUploads({ bucket: "b", prefix: "ü/ &+" }),
    "GET", "/v1/uploads?bucket=b&prefix=%C3%BC%2F%20%26%2B", undefined,
  ],
  ["getUpload", (broker) => broker.getUpload(ID), "GET", PATH, undefined],
  ["freshTarget", (broker) => broker.freshTarget(ID), "POST", `${PATH}/target`, undefined],
  ["signParts", (broker) => broker.signParts(ID, [{ part_number: 1 }]), "POST", `${PATH}/parts`, { parts: [{ part_number: 1 }] }],
  ["completeUpload", (broker) => broker.completeUpload(ID), "POST", `${PATH}/complete`, {}],
  ["completeUploads", (broker) => broker.completeUploads([ID]), "POST", "/v1/uploads/complete", { ids: [ID] }],
  ["abortUpload", (broker) => broker.abortUpload(ID), "DELETE", PATH, undefined],
  ["createDownloads", (broker) => broker.createDownloads({ items: [] }), "POST", "/v1/downloads", { items: [] }],
  ["listObjects", (broker) => broker.listObjects({ bucket: "b", limit: 5 }), "GET", "/v1/objects?bucket=b&limit=5", undefined],
  ["getMetadata", (broker) => broker.getMetadata({ bucket: "b", key: "k" }), "GET", "/v1/objects/metadata?bucket=b&key=k", undefined],
  ["deleteObjects", (broker) => broker.deleteObjects({ bucket: "b", keys: ["k"] }), "POST", "/v1/objects/delete", { bucket: "b", keys: ["k"] }],
];

for (const [name, call, method, path, body] of operations) {
  test(`${name} is ${method} ${path}`, async () => {
    const { fetch, asked } = fakeFetch();
    await call(new Broker({ fetch, baseUrl: "https://broker.test/" })).catch(() => {});
    const { url, init } = asked[0] ?? assert.fail();
    assert.equal(url, `https://broker.test${path}`);
    assert.equal(init.method, method);
    assert.equal(init.credentials, "same-origin");
    assert.deepEqual(init.body === undefined ? undefined : JSON.parse(init.body), body);
    assert.equal(init.headers["content-type"], body === undefined ? undefined : "application/json");
  });
}

test("a token travels as Bearer, asked for anew with each call; without one there is no such header", async () => {
  const { fetch, asked } = fakeFetch({ status: 204, body: "" });
  let token = "one";
  const broker = new Broker({ fetch, token: () => token });
  await broker.signOut();
  token = "two";
  await broker.signOut();
  await new Broker({ fetch, token: "fixed" }).signOut();
  await new Broker({ fetch }).signOut();
  assert.deepEqual(asked.map(({ init }) => init.headers["authorization"]), ["Bearer one", "Bearer two", "Bearer fixed", undefined]);
});

test("a problem document becomes an error with all it says", async () => {
  const body = { code: "parts_missing", title: "T", detail: "D.", request_id: "r", missing: [2, 3] };
  const { fetch } = fakeFetch({ status: 409, body, headers: { "retry-after": "7" } });
  await assert.rejects(new Broker({ fetch }).getUpload("x"), {
    name: "BrokerError", code: "parts_missing", status: 409, detail: "D.", message: "D.", requestId: "r", retryAfter: 7,
    missing: [2, 3],
  });
});

test("a proxy's own error page becomes an error without its words", async () => {
  const { fetch } = fakeFetch({ status: 502, body: "<html>nginx</html>", headers: { "x-request-id": "q" } });
  await assert.rejects(new Broker({ fetch }).me(), { code: "http_502", detail: "The broker answered 502.", requestId: "q", retryAfter: null });
});

for (const header of ["-1", "1.5", "Wed, 21 Oct 2031 07:28:00 GMT", "", "99999999"]) {
  test(`Retry-After: "${header}" counts as absent`, async () => {
    const { fetch } = fakeFetch({ status: 503, headers: { "retry-after": header } });
    await assert.rejects(new Broker({ fetch }).me(), { retryAfter: null });
  });
}

for (const body of ["<html>", "", "[]", '"x"', '{"buckets":{}}', '{"buckets":[{"name":1,"roots":[]}]}']) {
  test(`a 200 whose body is ${body || "empty"} is refused, not believed`, async () => {
    const { fetch } = fakeFetch({ body });
    await assert.rejects(new Broker({ fetch }).listBuckets(), { code: "unreadable_answer" });
  });
}

test("fields that a newer broker adds pass through", async () => {
  const { fetch } = fakeFetch({ body: { buckets: [{ name: "b", roots: [{ prefix: "", actions: ["read", "dance"] }], region: "r" }] } });
  const { buckets } = await new Broker({ fetch }).listBuckets();
  assert.deepEqual(buckets, [{ name: "b", roots: [{ prefix: "", actions: ["read", "dance"] }], region: "r" }]);
});

test("items that all failed are still items", async () => {
  const error = { code: "forbidden", status: 403, detail: "No." };
  const { fetch } = fakeFetch({ status: 403, body: { ...error, results: [{ key: "a", error }, { key: "b", error }] } });
  const { results } = await new Broker({ fetch }).deleteObjects({ bucket: "b", keys: ["a", "b"] });
  assert.deepEqual(results.map(({ error: each }) => each?.code), ["forbidden", "forbidden"]);
});

test("an upload that wants a form POST is refused by itself", async () => {
  const uploads = [{ client_id: "u1", id: "x", strategy: "post", target: {} }];
  const { fetch } = fakeFetch({ status: 201, body: { server_time: "2031-01-01T00:00:00Z", uploads } });
  const answer = await new Broker({ fetch }).createUploads({ bucket: "b", files: [] });
  assert.deepEqual(answer.uploads.map((item) => "error" in item && item.error.code), ["not_supported"]);
});

test("401 tells the page, except where the password was wrong", async () => {
  const { fetch } = fakeFetch({ status: 401, body: { code: "unauthenticated" } });
  /** @type {string[]} */
  const told = [];
  const broker = new Broker({ fetch, onUnauthenticated: ({ code }) => told.push(code) });
  await assert.rejects(broker.signIn({ username: "u", password: "p" }), { status: 401 });
  assert.deepEqual(told, []);
  await assert.rejects(broker.me(), { status: 401 });
  assert.deepEqual(told, ["unauthenticated"]);
});

test("no answer is a network error of the broker; a call that was stopped is aborted", async () => {
  const fetch = () => Promise.reject(new TypeError("fetch failed"));
  await assert.rejects(new Broker({ fetch }).me(), { name: "TransportError", kind: "network", where: "broker" });
  await assert.rejects(new Broker({ fetch }).me({ signal: AbortSignal.abort() }), { kind: "aborted" });
});

for (const [limit, call] of /** @type {const} */ ([[30_000, undefined], [30_000, {}], [7, { deadline: 7 }]])) {
  test(`a call with ${JSON.stringify(call)} that is never answered is given up after ${limit} ms`, async () => {
    const clock = new ManualClock();
    /** @type {FetchLike} */
    const fetch = (_, { signal }) => new Promise((_resolve, reject) => void onAbort(signal, () => reject(new Error("stopped"))));
    const outcome = new Broker({ fetch, timers: new Timers(clock) }).me(call).catch((error) => error);
    await clock.pass(limit - 1);
    assert.equal(clock.pending, 1);
    await clock.pass(1);
    const { kind, where } = await outcome;
    assert.deepEqual({ kind, where }, { kind: "stalled", where: "broker" });
  });
}
