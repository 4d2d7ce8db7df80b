/**
 * One request to the broker: sent with the caller's credentials, decoded, or turned into an error.
 *
 * @import { CallOptions, FetchLike } from "./types.d.ts"
 * @import { Decoder } from "./decode.js"
 */

import { realTime } from "./adapters/realtime.js";
import { BrokerError, TransportError, unreadable } from "./errors.js";
import { Timers } from "./timers.js";

/** Milliseconds one call may take when the caller says nothing. */
const DEADLINE = 30_000;

/**
 * @typedef {{ fetch: FetchLike, baseUrl?: string, token?: string | (() => string | null) | null,
 *   onUnauthenticated?: (error: BrokerError) => void, timers?: Timers }} HttpParts
 *
 * @typedef {{ query?: Record<string, string | number | undefined>, body?: unknown,
 *   call?: CallOptions | undefined, signingIn?: boolean, batch?: string }} RequestParts
 *   `batch`: the member that holds the items, which a problem has too when all of them failed
 *
 * @typedef {{ status: number, header: (name: string) => string | null, text: string }} Answer
 */

export class Http {
  /** @type {FetchLike} */
  #fetch;
  /** Where the broker lives; "" is the page's own origin. */
  #baseUrl;
  /** @type {() => string | null} */
  #token;
  /** @type {(error: BrokerError) => void} */
  #onUnauthenticated;
  #timers;

  /**
   * Without a token the page's session cookie speaks, which goes to the same origin only.
   *
   * @param {HttpParts} parts
   */
  constructor({ fetch, baseUrl = "", token = null, onUnauthenticated = () => {}, timers = new Timers(realTime) }) {
    this.#fetch = fetch;
    this.#baseUrl = baseUrl.replace(/\/$/, "");
    this.#token = typeof token === "function" ? token : () => token;
    this.#onUnauthenticated = onUnauthenticated;
    this.#timers = timers;
  }

  /**
   * @template T
   * @param {string} method
   * @param {string} path
   * @param {Decoder<T>} decoder
   * @param {RequestParts} parts
   */
  async ask(method, path, decoder, parts) {
    try {
      return decoded(await this.#inTime(method, path, parts), decoder, parts.batch);
    } catch (error) {
      if (error instanceof BrokerError && error.status === 401 && !parts.signingIn) this.#onUnauthenticated(error);
      throw error;
    }
  }

  /**
   * @param {string} method
   * @param {string} path
   * @param {RequestParts} parts
   */
  #inTime(method, path, parts) {
    const { signal = new AbortController().signal, deadline: limit = DEADLINE } = parts.call ?? {};
    return this.#timers.within((own) => this.#send(method, path, parts, own), { signal, limit, where: "broker" });
  }

  /**
   * @param {string} method
   * @param {string} path
   * @param {RequestParts} parts
   * @param {AbortSignal} signal
   * @returns {Promise<Answer>}
   */
  async #send(method, path, { query = {}, body }, signal) {
    const fetch = this.#fetch; // called bare: a browser's own refuses another `this`
    try {
      const answer = await fetch(this.#baseUrl + path + queryString(query), {
        method,
        headers: this.#headers(body),
        credentials: "same-origin",
        cache: "no-store",
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        signal,
      });
      return { status: answer.status, header: (name) => answer.headers.get(name), text: await answer.text() };
    } catch (cause) {
      throw new TransportError(signal.aborted ? "aborted" : "network", { where: "broker", cause });
    }
  }

  /** @param {unknown} body */
  #headers(body) {
    const token = this.#token();
    return {
      accept: "application/json",
      ...(body === undefined ? {} : { "content-type": "application/json" }),
      ...(token === null ? {} : { authorization: `Bearer ${token}` }),
    };
  }
}

/**
 * @template T
 * @param {Answer} answer
 * @param {Decoder<T>} decoder
 * @param {string} [batch]
 */
function decoded(answer, decoder, batch = "") {
  const isRefused = answer.status < 200 || answer.status > 299;
  if (isRefused && !Array.isArray(jsonObject(answer.text)[batch])) throw refusal(answer);
  try {
    return decoder(answer.text === "" ? undefined : JSON.parse(answer.text), "answer");
  } catch (cause) {
    const detail = "The broker's answer could not be read. Something between this page and the broker may have changed it.";
    throw unreadable(detail, { status: answer.status, cause });
  }
}

/**
 * Also for answers that are no problem document, such as a proxy's own 502.
 *
 * @param {Answer} answer
 */
function refusal(answer) {
  const problem = jsonObject(answer.text);
  const { code, detail, title, request_id: requestId, missing } = problem;
  return new BrokerError({
    status: answer.status,
    code: typeof code === "string" ? code : `http_${answer.status}`,
    detail: [detail, title].find((each) => typeof each === "string" && each) ?? `The broker answered ${answer.status}.`,
    requestId: typeof requestId === "string" ? requestId : answer.header("x-request-id"),
    retryAfter: seconds(answer.header("retry-after")),
    missing: Array.isArray(missing) ? missing.filter(Number.isSafeInteger) : [],
  });
}

/**
 * @param {string} body
 * @returns {Record<string, any>}
 */
function jsonObject(body) {
  try {
    const value = JSON.parse(body);
    return typeof value === "object" && value !== null ? value : {};
  } catch {
    return {};
  }
}

/**
 * `Retry-After` as a number of seconds; a date counts as absent.
 *
 * @param {string | null} header
 */
export function seconds(header) {
  return header !== null && /^\d{1,6}$/.test(header.trim()) ? Number(header) : null;
}

/** @param {Record<string, string | number | undefined>} query */
function queryString(query) {
  const given = Object.entries(query).filter(([, value]) => value !== undefined);
  if (given.length === 0) return "";
  return `?${given.map(([name, value]) => `${name}=${encodeURIComponent(String(value))}`).join("&")}`;
}
