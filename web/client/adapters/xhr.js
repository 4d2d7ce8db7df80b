/**
 * S3 over XMLHttpRequest: the only way for a browser to tell how much of a body has left.
 *
 * @import { Transport, TransportRequest } from "../types.d.ts"
 */

import { TransportError } from "../errors.js";
import { onAbort } from "../timers.js";
import { s3Code } from "./s3code.js";

/**
 * @param {() => XMLHttpRequest} [makeRequest]
 * @returns {Transport}
 */
export function xhrTransport(makeRequest = () => new XMLHttpRequest()) {
  return { reportsProgress: true, send: (request) => send(makeRequest(), request) };
}

/**
 * @param {XMLHttpRequest} xhr
 * @param {TransportRequest} request
 * @returns {Promise<import("../types.d.ts").TransportAnswer>}
 */
function send(xhr, { method, url, headers, body, signal, onProgress }) {
  return new Promise((resolve, reject) => {
    xhr.onload = () => resolve(answerOf(xhr));
    xhr.onerror = (cause) => reject(new TransportError("network", { cause }));
    xhr.onabort = () => reject(new TransportError("aborted"));
    xhr.upload.onprogress = ({ loaded }) => onProgress(loaded);
    xhr.open(method, url);
    for (const [name, value] of Object.entries(headers)) xhr.setRequestHeader(name, value);
    if (signal.aborted) return reject(new TransportError("aborted"));
    xhr.onloadend = onAbort(signal, () => xhr.abort());
    xhr.send(body);
  });
}

/** @param {XMLHttpRequest} xhr */
function answerOf(xhr) {
  const header = (/** @type {string} */ name) => xhr.getResponseHeader(name);
  return { status: xhr.status, header, s3Code: s3Code(xhr.status, xhr.responseText) };
}
