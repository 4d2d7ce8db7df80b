import assert from "node:assert/strict";
import { test } from "node:test";
import { fetchTransport } from "../../../web/client/adapters/fetch.js";

/** @param {typeof globalThis.fetch} fetch @param {AbortSignal} [signal] */
function send(fetch, signal = new AbortController().signal) {
  /** @type {number[]} */
  const heard = [];
  const onProgress = (/** @type {number} */ sent) => heard.push(sent);
  const request = { method: "PUT", url: "https://s3.test/k", headers: { a: "1" }, body: new Blob(["12345"]), signal, onProgress };
  return { answer: fetchTransport(fetch).send(request), heard };
}

test("the bytes count as sent once S3 has answered", async () => {
  const { answer, heard } = send(async () => new Response("", { status: 200, headers: { "x-a": "b" } }));
  assert.equal((await answer).status, 200);
  assert.equal((await answer).header("X-A"), "b");
  assert.deepEqual(heard, [5]);
});

test("no cookie of any origin travels to S3", async () => {
  /** @type {RequestInit | undefined} */
  let given;
  await send(async (_, init) => {
    given = init;
    return new Response("");
  }).answer;
  assert.equal(given?.credentials, "omit");
});

test("no answer is a network error, being stopped is not", async () => {
  const failing = () => Promise.reject(new TypeError("fetch failed"));
  await assert.rejects(send(failing).answer, { kind: "network", where: "s3" });
  await assert.rejects(send(failing, AbortSignal.abort()).answer, { kind: "aborted" });
});
