/**
 * The engine with a browser's own parts.
 *
 * @import { BrokerApi, EngineParts } from "./types.d.ts"
 */

import { browserOnline } from "./adapters/online.js";
import { realTime } from "./adapters/realtime.js";
import { storageStore } from "./adapters/storage.js";
import { xhrTransport } from "./adapters/xhr.js";
import { UploadEngine } from "./engine.js";

/**
 * @param {BrokerApi} broker
 * @param {Partial<EngineParts>} [others]  instead of the browser's
 */
export function browserEngine(broker, others = {}) {
  const { subtle } = crypto; // absent in insecure contexts
  return new UploadEngine({
    broker,
    transport: xhrTransport(),
    store: storageStore(() => localStorage),
    hash: subtle ? (bytes) => subtle.digest("SHA-256", bytes) : null,
    ...realTime,
    random: () => Math.random(),
    locks: navigator.locks ?? null,
    online: browserOnline(),
    ...others,
  });
}
