/**
 * S3 over `fetch`, for Node and workers without XMLHttpRequest. `fetch` does not tell how much of
 * a body has left, so progress comes part by part.
 *
 * @import { Transport, TransportRequest } from "../types.d.ts"
 */

import { TransportError } from "../errors.js";
import { s3Code } from "./s3code.js";

/**
 * @param {typeof globalThis.fetch} fetch
 * @returns {Transport}
 */
export function fetchTransport(fetch) {
  return { reportsProgress: false, send: (request) => send(fetch, request) };
}

/**
 * @param {typeof globalThis.fetch} fetch
 * @param {TransportRequest} request
 */
async function send(fetch, { method, url, headers, body, signal, onProgress }) {
  try {
    const answer = await fetch(url, { method, headers, body, signal, credentials: "omit" });
    const text = await answer.text();
    onProgress(body.size);
    const header = (/** @type {string} */ name) => answer.headers.get(name);
    return { status: answer.status, header, s3Code: s3Code(answer.status, text) };
  } catch (cause) {
    throw new TransportError(signal.aborted ? "aborted" : "network", { cause });
  }
}
