/**
 * The shapes of the broker's answers, as its HTTP contract states them.
 *
 * @import * as Wire from "./types.d.ts"
 * @import { Decoder } from "./decode.js"
 */

import { byField, flag, list, nullable, object, oneOf, plain, record, text, whole } from "./decode.js";

const itemError = object({ code: text, status: whole, detail: text });

const signedPut = { url: text, method: text, headers: record(text), size: whole, expires_at: text };

/** @type {Decoder<Wire.PutTarget>} */
const putTarget = object(signedPut);

/** @type {Decoder<Wire.FreshTarget>} */
export const freshTarget = object({ server_time: text, target: putTarget });

/** @type {Decoder<Wire.PartTarget>} */
const partTarget = object({ ...signedPut, part_number: whole });

/** @type {Decoder<Wire.MultipartTarget>} */
const multipartTarget = object({ part_size: whole, part_count: whole, parts: list(partTarget) });

/** @type {Decoder<"pending">} */
const pending = oneOf("pending");
const created = { client_id: text, id: text, bucket: text, key: text, state: pending, expires_at: text };
const createdPut = object({ ...created, strategy: oneOf("put"), target: putTarget });
const createdMultipart = object({ ...created, strategy: oneOf("multipart"), target: multipartTarget });
const createRefused = object({ client_id: text, error: itemError });

const otherStrategy = {
  code: "not_supported",
  status: 422,
  detail: "This upload needs a form POST, which this page does not send.",
};

/** @type {Decoder<Wire.Created | Wire.CreateRefused>} */
function createdItem(value, path) {
  const { client_id, strategy, error } = plain(value, path);
  if (error !== undefined) return createRefused(value, path);
  if (strategy === "put") return createdPut(value, path);
  if (strategy === "multipart") return createdMultipart(value, path);
  return { client_id: text(client_id, path), error: otherStrategy };
}

/** @type {Decoder<Wire.CreateAnswer>} */
export const createAnswer = object({ server_time: nullable(text), uploads: list(createdItem) });

/** @type {Decoder<Wire.OpenUploads>} */
export const openUploads = object({
  server_time: text,
  complete: flag,
  uploads: list(object({
    id: text, bucket: text, key: text, size: whole, type: text, fingerprint: nullable(text),
    part_size: whole, part_count: whole, created_at: text, expires_at: text,
  })),
});

/** @type {Decoder<Wire.UploadStatus>} */
export const uploadStatus = object({
  state: oneOf("pending", "complete", "aborted", "expired"),
  bucket: text, key: text, size: whole, type: text, fingerprint: nullable(text),
  part_size: nullable(whole), part_count: nullable(whole),
  parts: list(object({ part_number: whole, size: whole, etag: text })),
});

/** @type {Decoder<Wire.SignedParts>} */
export const signedParts = object({ server_time: text, parts: list(partTarget) });

const storedObject = object({
  bucket: text, key: text, size: whole, type: text, etag: text, version_id: nullable(text),
});

/** @type {Decoder<Wire.Completed>} */
export const completed = object({ state: oneOf("complete"), object: storedObject });

/** @type {Decoder<Wire.CompletedItems>} */
export const completedItems = object({
  uploads: list(byField(
    "error",
    object({ id: text, error: itemError }),
    object({ id: text, state: oneOf("complete"), object: storedObject }),
  )),
});

/** @type {Decoder<Wire.Session>} */
export const session = object({ access_token: text, token_type: text, expires_in: whole });

/** Not checked word by word: a newer broker may know more actions. */
const actions = list(/** @type {Decoder<Wire.Action>} */ (text));

const grant = object({
  bucket: text, prefix: text, actions, max_size: nullable(whole), types: list(text),
  max_expiry: nullable(whole), overwrite: flag,
});

/** @type {Decoder<Wire.Me>} */
export const me = object({
  sub: text, issuer: text, roles: list(text), grants: list(grant), server_time: text,
  limits: object({ default_expiry: whole, max_expiry: whole }),
});

/** @type {Decoder<Wire.Config>} */
export const config = object({
  version: text,
  sign_in: object({ local: flag, issuers: list(plain) }),
  features: object({ strategies: list(text), write_once: flag }),
});

/** @type {Decoder<{ buckets: Wire.Bucket[] }>} */
export const buckets = object({
  buckets: list(object({ name: text, roots: list(object({ prefix: text, actions })) })),
});

/** @type {Decoder<Wire.Downloads>} */
export const downloads = object({
  downloads: list(byField(
    "error",
    object({ bucket: text, key: text, error: itemError }),
    object({ bucket: text, key: text, url: text, expires_at: text }),
  )),
});

/** @type {Decoder<Wire.ObjectsPage>} */
export const objectsPage = object({
  objects: list(object({ key: text, size: whole, etag: text, last_modified: text, storage_class: nullable(text) })),
  prefixes: list(text),
  cursor: nullable(text),
  complete: flag,
});

/** @type {Decoder<Wire.Metadata>} */
export const metadata = object({
  bucket: text, key: text, size: whole, type: text, etag: text, last_modified: text, version_id: nullable(text),
  cache_control: nullable(text), storage_class: nullable(text), metadata: record(text),
});

/** @type {Decoder<Wire.Deleted>} */
export const deleted = object({
  results: list(byField("error", object({ key: text, error: itemError }), object({ key: text }))),
});
