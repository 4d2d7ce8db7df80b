/** @import { TransportRequest } from "../../../web/client/types.d.ts" */
import assert from "node:assert/strict";
import { test } from "node:test";
import { xhrTransport } from "../../../web/client/adapters/xhr.js";

/** What a browser offers, driven by the test. Its order of events is that of https://xhr.spec.whatwg.org/ */
class FakeXhr {
  status = 0;
  responseText = "";
  /** @type {string[]} */
  calls = [];
  upload = { onprogress: (/** @type {{ loaded: number }} */ _) => {} };
  onload = () => {};
  onerror = (/** @type {unknown} */ _) => {};
  onabort = () => {};
  onloadend = () => {};

  /** @param {string} method @param {string} url */
  open(method, url) {
    this.calls.push(`open ${method} ${url}`);
  }

  /** @param {string} name @param {string} value */
  setRequestHeader(name, value) {
    this.calls.push(`header ${name}: ${value}`);
  }

  /** @param {Blob} body */
  send(body) {
    this.calls.push(`send ${body.size}`);
  }

  abort() {
    this.calls.push("abort");
    this.onabort();
    this.onloadend();
  }

  /** @param {string} name */
  getResponseHeader(name) {
    return name === "retry-after" ? "3" : null;
  }

  /** @param {number} status @param {string} [body] */
  answer(status, body = "") {
    this.status = status;
    this.responseText = body;
    this.onload();
    this.onloadend();
  }
}

/** @param {Partial<TransportRequest>} [others] */
function begin(others = {}) {
  const xhr = new FakeXhr();
  const request = {
    method: "PUT", url: "https://s3.test/k", headers: { "x-amz-meta-a": "1" }, body: new Blob(["12345"]),
    signal: new AbortController().signal, onProgress: () => {},
  };
  const sent = xhrTransport(() => /** @type {any} */ (xhr)).send({ ...request, ...others });
  return { xhr, sent };
}

test("exactly the given method, address, headers and bytes are sent", async () => {
  const { xhr, sent } = begin();
  xhr.answer(200);
  assert.equal((await sent).status, 200);
  assert.deepEqual(xhr.calls, ["open PUT https://s3.test/k", "header x-amz-meta-a: 1", "send 5"]);
});

test("progress is told as it happens", async () => {
  /** @type {number[]} */
  const heard = [];
  const { xhr, sent } = begin({ onProgress: (bytes) => heard.push(bytes) });
  xhr.upload.onprogress({ loaded: 2 });
  xhr.upload.onprogress({ loaded: 5 });
  xhr.answer(200);
  await sent;
  assert.deepEqual(heard, [2, 5]);
});

test("a refusal is an answer, with S3's code where the body can be read", async () => {
  const { xhr, sent } = begin();
  xhr.answer(403, "<?xml version='1.0'?><Error><Code>AccessDenied</Code></Error>");
  const { status, s3Code, header } = await sent;
  assert.deepEqual([status, s3Code, header("retry-after")], [403, "AccessDenied", "3"]);
});

test("no answer is a network error", async () => {
  const { xhr, sent } = begin();
  xhr.onerror({});
  await assert.rejects(sent, { kind: "network", where: "s3" });
});

test("a signal aborts the request; once it has ended, the signal does nothing", async () => {
  const stop = new AbortController();
  const { xhr, sent } = begin({ signal: stop.signal });
  stop.abort();
  await assert.rejects(sent, { kind: "aborted" });
  assert.equal(xhr.calls.at(-1), "abort");
  const late = new AbortController();
  const second = begin({ signal: late.signal });
  second.xhr.answer(200);
  await second.sent;
  late.abort();
  assert.equal(second.xhr.calls.at(-1), "send 5");
});

test("a signal that is aborted already sends nothing", async () => {
  const { xhr, sent } = begin({ signal: AbortSignal.abort() });
  await assert.rejects(sent, { kind: "aborted" });
  assert.ok(!xhr.calls.includes("send 5"));
});
