/**
 * The page's parts without a page: the real client over a `fetch` that answers from a table.
 *
 * @import { FetchLike, Engine, FileToSend, Destination, OpenUpload, Snapshot } from "../../../web/client/types.d.ts"
 * @typedef {{method: string, path: string, query: URLSearchParams, body: any}} Asked
 * @typedef {(asked: Asked) => unknown} Answer  a body, a Refusal, or a promise of one
 */
import { AnotherFile } from "../../../web/client/errors.js";
import { Broker } from "../../../web/client/broker.js";
import { createStore, initialState } from "../../../web/views/state.js";

export class Refusal {
  /** @param {number} status @param {string} code @param {string} detail */
  constructor(status, code, detail = code) {
    this.status = status;
    this.problem = { status, code, detail };
  }
}

export const ME = { sub: "alice", issuer: "local", roles: [], grants: [], server_time: "", limits: { default_expiry: 1, max_expiry: 1 } };
export const SESSION = { access_token: "t", token_type: "Bearer", expires_in: 900 };
export const BUCKETS = [
  { name: "uploads", roots: [{ prefix: "users/alice/", actions: ["list", "read", "write", "delete"] }] },
  { name: "inbox", roots: [{ prefix: "", actions: ["write"] }] },
];
export const HOME = { bucket: "uploads", prefix: "users/alice/" };

/** @param {string[]} keys @param {{prefixes?: string[], cursor?: string | null}} [more] */
export const listed = (keys, { prefixes = [], cursor = null } = {}) => ({
  objects: keys.map((key) => ({ key, size: 10, etag: "e", last_modified: "2025-01-01T00:00:00Z", storage_class: null })),
  prefixes,
  cursor,
  complete: cursor === null,
});

/**
 * @param {Record<string, Answer>} answers by method and path, such as "GET /v1/me"
 * @param {() => void} [onUnauthenticated]
 */
export function brokerOf(answers, onUnauthenticated = () => {}) {
  /** @type {Asked[]} */
  const asked = [];
  /** @type {FetchLike} */
  const fetch = async (url, { method, body, signal }) => {
    const { pathname: path, searchParams: query } = new URL(url, "http://broker.test");
    const request = { method, path, query, body: body === undefined ? null : JSON.parse(body) };
    asked.push(request);
    const answer = await answers[`${method} ${path}`]?.(request);
    signal?.throwIfAborted();
    if (answer === undefined) throw new Error(`${method} ${path} is not in the table`);
    const refused = answer instanceof Refusal;
    return { status: refused ? answer.status : 200, headers: new Headers(), text: async () => JSON.stringify(refused ? answer.problem : answer) };
  };
  return { broker: new Broker({ fetch, onUnauthenticated }), asked };
}

export const storeOf = () => createStore(initialState(new Date("2025-06-15T12:00:00Z"), true), () => {});

/** An engine that writes down what it was told and sends nothing. @param {OpenUpload[]} [open] */
export function engineOf(open = []) {
  /** @type {{files: string[], destination: Destination}[]} */
  const added = [];
  /** @type {string[]} */
  const calls = [];
  /** @type {(snapshot: Snapshot) => void} */
  let listener = () => {};
  const total = { size: 0, sent: 0, speed: 0, secondsLeft: null, active: 0, failed: 0, done: 0, unfinished: 0 };
  /** @type {Snapshot} */
  let last = { uploads: [], total };
  const note = (/** @type {string} */ name) => () => void calls.push(name);
  /** @type {Engine} */
  const engine = {
    add(/** @type {Iterable<FileToSend>} */ files, destination) {
      added.push({ files: [...files].map(({ name }) => name), destination });
      return [];
    },
    pause: note("pause"),
    resume: note("resume"),
    cancel: note("cancel"),
    retry: (id, { ifExists } = {}) => void calls.push(`retry ${id} ${ifExists}`),
    pauseAll: note("pauseAll"),
    resumeAll: note("resumeAll"),
    cancelAll: note("cancelAll"),
    signedIn: note("signedIn"),
    clearFinished: note("clearFinished"),
    snapshot: () => last,
    subscribe(tell) {
      listener = tell;
      return () => {};
    },
    openUploads: async () => {
      calls.push("openUploads");
      return open;
    },
    async continueUpload({ size }, file) {
      if (file.size !== size) throw new AnotherFile("That is another file.");
      calls.push("continueUpload");
      return "u1";
    },
    forget: note("forget"),
  };
  /** @param {Snapshot} snapshot */
  const show = (snapshot) => {
    last = snapshot;
    listener(snapshot);
  };
  return { engine, added, calls, show, total };
}
