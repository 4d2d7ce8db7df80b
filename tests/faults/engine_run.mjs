/**
 * Uploads one file with the page's engine, and writes each change of its row as a line of JSON.
 *
 * usage: node engine_run.mjs '{"broker": URL, "token": …, "bucket": …, "prefix": …, "file": PATH}'
 */

import { webcrypto } from "node:crypto";
import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import { fetchTransport } from "../../web/client/adapters/fetch.js";
import { memoryStore } from "../../web/client/adapters/storage.js";
import { Broker } from "../../web/client/broker.js";
import { UploadEngine } from "../../web/client/engine.js";

const { broker, token, bucket, prefix, file } = JSON.parse(process.argv[2] ?? "{}");

const engine = new UploadEngine({
  broker: new Broker({ fetch, baseUrl: broker, token }),
  transport: fetchTransport(fetch),
  store: memoryStore(),
  hash: (bytes) => webcrypto.subtle.digest("SHA-256", bytes),
  clock: () => performance.now(),
  random: Math.random,
  setTimer: (callback, milliseconds) => setTimeout(callback, milliseconds),
  clearTimer: (handle) => clearTimeout(/** @type {NodeJS.Timeout} */ (handle)),
  options: { concurrentParts: 1, backoffBase: 100, backoffCap: 400, notifyEvery: 1 },
});

engine.subscribe(({ uploads: [row] }) => {
  if (row) console.log(JSON.stringify({ state: row.state, notice: row.notice ?? "", error: row.error ?? null }));
});
engine.add([{ file: new Blob([await readFile(file)]), name: basename(file) }], { bucket, prefix });
