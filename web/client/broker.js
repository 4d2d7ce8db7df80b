/**
 * The broker over HTTP: one method per operation, typed answers, one error type.
 *
 * @import * as Wire from "./types.d.ts"
 * @import { HttpParts } from "./http.js"
 */

import * as answers from "./answers.js";
import { Http } from "./http.js";

/** @implements {Wire.BrokerApi} */
export class Broker {
  /** Sends and decodes. */
  #http;

  /** @param {HttpParts} parts */
  constructor(parts) {
    this.#http = new Http(parts);
  }

  /** @param {Wire.CallOptions} [call] */
  config(call) {
    return this.#http.ask("GET", "/v1/config", answers.config, { call });
  }

  /** @param {Wire.CallOptions} [call] */
  me(call) {
    return this.#http.ask("GET", "/v1/me", answers.me, { call });
  }

  /**
   * A refusal here is a wrong password, not an ended session: `onUnauthenticated` is not called.
   *
   * @param {{ username: string, password: string }} credentials
   * @param {Wire.CallOptions} [call]
   */
  signIn(credentials, call) {
    return this.#http.ask("POST", "/v1/session", answers.session, { body: credentials, call, signingIn: true });
  }

  /** @param {Wire.CallOptions} [call] */
  renew(call) {
    return this.#http.ask("POST", "/v1/session/renew", answers.session, { call });
  }

  /** @param {Wire.CallOptions} [call] */
  signOut(call) {
    return this.#http.ask("DELETE", "/v1/session", nothing, { call });
  }

  /** @param {Wire.CallOptions} [call] */
  listBuckets(call) {
    return this.#http.ask("GET", "/v1/buckets", answers.buckets, { call });
  }

  /**
   * @param {Wire.CreateRequest} request
   * @param {Wire.CallOptions} [call]
   */
  createUploads(request, call) {
    return this.#http.ask("POST", "/v1/uploads", answers.createAnswer, { body: request, call, batch: "uploads" });
  }

  /**
   * @param {{ bucket: string, prefix?: string }} place
   * @param {Wire.CallOptions} [call]
   */
  listUploads(place, call) {
    return this.#http.ask("GET", "/v1/uploads", answers.openUploads, { query: place, call });
  }

  /**
   * @param {string} id
   * @param {Wire.CallOptions} [call]
   */
  getUpload(id, call) {
    return this.#http.ask("GET", uploadPath(id), answers.uploadStatus, { call });
  }

  /**
   * @param {string} id
   * @param {Wire.CallOptions} [call]
   */
  freshTarget(id, call) {
    return this.#http.ask("POST", `${uploadPath(id)}/target`, answers.freshTarget, { call });
  }

  /**
   * @param {string} id
   * @param {{ part_number: number }[]} parts
   * @param {Wire.CallOptions} [call]
   */
  signParts(id, parts, call) {
    return this.#http.ask("POST", `${uploadPath(id)}/parts`, answers.signedParts, { body: { parts }, call });
  }

  /**
   * @param {string} id
   * @param {Record<string, unknown>} [body]
   * @param {Wire.CallOptions} [call]
   */
  completeUpload(id, body = {}, call) {
    return this.#http.ask("POST", `${uploadPath(id)}/complete`, answers.completed, { body, call });
  }

  /**
   * @param {string[]} ids
   * @param {Wire.CallOptions} [call]
   */
  completeUploads(ids, call) {
    return this.#http.ask("POST", "/v1/uploads/complete", answers.completedItems, { body: { ids }, call, batch: "uploads" });
  }

  /**
   * @param {string} id
   * @param {Wire.CallOptions} [call]
   */
  abortUpload(id, call) {
    return this.#http.ask("DELETE", uploadPath(id), nothing, { call });
  }

  /**
   * @param {Wire.DownloadRequest} request
   * @param {Wire.CallOptions} [call]
   */
  createDownloads(request, call) {
    return this.#http.ask("POST", "/v1/downloads", answers.downloads, { body: request, call, batch: "downloads" });
  }

  /**
   * @param {Wire.ListRequest} request
   * @param {Wire.CallOptions} [call]
   */
  listObjects(request, call) {
    return this.#http.ask("GET", "/v1/objects", answers.objectsPage, { query: { ...request }, call });
  }

  /**
   * @param {{ bucket: string, key: string }} place
   * @param {Wire.CallOptions} [call]
   */
  getMetadata(place, call) {
    return this.#http.ask("GET", "/v1/objects/metadata", answers.metadata, { query: place, call });
  }

  /**
   * @param {{ bucket: string, keys: string[] }} request
   * @param {Wire.CallOptions} [call]
   */
  deleteObjects(request, call) {
    return this.#http.ask("POST", "/v1/objects/delete", answers.deleted, { body: request, call, batch: "results" });
  }
}

/** @param {string} id */
function uploadPath(id) {
  return `/v1/uploads/${encodeURIComponent(id)}`;
}

function nothing() {}
