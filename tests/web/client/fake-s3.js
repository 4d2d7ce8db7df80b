/**
 * A broker and an S3 in memory, over real HTTP on two ports. It is strict: a URL takes exactly the
 * bytes and headers it was signed for, once its time is over it takes none.
 *
 * `fault` sees each request first and may return `{ status, headers?, body? }` to answer instead,
 * "cut" to drop the connection, "lose" to do the work and drop the answer, or "hang" to never answer.
 *
 * @import { IncomingMessage } from "node:http"
 * @import { Answer, Fault } from "./host.js"
 * @import { FileRequest, PartTarget } from "../../../web/client/types.d.ts"
 */
import { randomUUID } from "node:crypto";
import { Host } from "./host.js";

/**
 * @typedef {{ operation: string, part: number, id: string, headers: IncomingMessage["headers"], body: any }} Seen
 * @typedef {{ id: string, bucket: string, key: string, size: number, type: string, fingerprint: string | null,
 *   multipart: boolean, partSize: number, partCount: number, parts: Map<number, Buffer>, state: string }} FakeUpload
 */

export class FakeS3 {
  partSize = 1000;
  multipartFrom = 2000;
  firstWindow = 2;
  /** Milliseconds a URL lives. */
  urlLife = 60_000;
  /** Milliseconds the server's clock is ahead. */
  skew = 0;
  /** @type {(request: Seen) => Fault | undefined} */
  fault = () => undefined;
  /** Called before each answer of S3. @type {() => Promise<void>} */
  delay = async () => {};
  /** @type {Seen[]} */
  log = [];
  /** @type {Map<string, FakeUpload>} */
  uploads = new Map();
  /** Bytes by `bucket/key`. @type {Map<string, Buffer>} */
  objects = new Map();
  inFlight = 0;
  mostInFlight = 0;
  broker = new Host((request, body) => this.#broker(request, body));
  s3 = new Host((request, body) => this.#s3(request, body));

  static async start() {
    const fake = new FakeS3();
    await Promise.all([fake.broker.listen(), fake.s3.listen()]);
    return fake;
  }

  async stop() {
    await Promise.all([this.broker.close(), this.s3.close()]);
  }

  /** @param {string} operation */
  seen(operation) {
    return this.log.filter((request) => request.operation === operation);
  }

  /** As a lifecycle rule does: S3 knows them no more, and the broker goes on signing, which needs no S3. */
  forgetAll() {
    for (const upload of this.uploads.values()) upload.state = "gone";
  }

  /**
   * @param {IncomingMessage} request
   * @param {Buffer} body
   * @returns {Promise<Fault>}
   */
  async #broker(request, body) {
    const url = new URL(request.url ?? "", "http://broker");
    const [, , noun, id, verb] = url.pathname.split("/");
    const operation = operationOf(request.method, noun, id, verb);
    const seen = { operation, part: 0, id: decodeURIComponent(id ?? ""), headers: request.headers, body: json(body) };
    this.log.push(seen);
    const fault = this.fault(seen);
    if (fault !== undefined && fault !== "lose") return fault;
    const answer = this.#operations[operation]?.(seen, url) ?? problem(404, "not_found");
    return fault ?? answer;
  }

  /** @type {Record<string, (seen: Seen, url: URL) => Answer>} */
  #operations = {
    create: ({ body }) => this.#batch(body.files.map((/** @type {FileRequest} */ file) => this.#create(body, file)), 201),
    list: (_, url) => ok({ server_time: this.#time(), uploads: this.#open(url.searchParams), complete: true }),
    get: ({ id }) => this.#with(id, (upload) => ok({ ...describe(upload), parts: partsOf(upload) })),
    sign: ({ id, body }) => this.#signed(id, (upload) => ({
      parts: body.parts.map((/** @type {PartTarget} */ { part_number: number }) => this.#target(upload, number)),
    })),
    target: ({ id }) => this.#signed(id, (upload) => ({ target: this.#target(upload, 1) })),
    complete: ({ id }) => this.#with(id, (upload) => this.#complete(upload)),
    completeMany: ({ body }) => this.#batch(body.ids.map((/** @type {string} */ id) => (
      item(id, this.#with(id, (upload) => this.#complete(upload)))))),
    abort: ({ id }) => this.#abort(id),
  };

  /**
   * Where no item succeeded, a problem with the first one's status.
   *
   * @param {any[]} uploads
   * @param {number} [status]
   */
  #batch(uploads, status = 200) {
    if (uploads.some(({ error }) => !error)) return ok({ server_time: this.#time(), uploads }, status);
    return problem(uploads[0].error.status, uploads[0].error.code, { uploads });
  }

  /**
   * @param {{ bucket?: string, prefix?: string, profile?: string }} place
   * @param {FileRequest} file
   */
  #create({ bucket = "b", prefix, profile }, { client_id, name, size, type, fingerprint = "" }) {
    const error = { code: "invalid_key", status: 422, detail: "This name is refused." };
    if (name.includes("refused")) return { client_id, error };
    const multipart = size >= this.multipartFrom;
    const partSize = multipart ? this.partSize : size;
    /** @type {FakeUpload} */
    const upload = {
      id: `t ${randomUUID()}/ä`, bucket, key: (prefix ?? `profile-${profile}/`) + name,
      size, type, fingerprint: fingerprint || null, multipart, partSize,
      partCount: multipart ? Math.ceil(size / partSize) : 1, parts: new Map(), state: "pending",
    };
    this.uploads.set(upload.id, upload);
    const shared = { client_id, id: upload.id, bucket, key: upload.key, state: "pending", expires_at: this.#time(86_400_000) };
    if (!multipart) return { ...shared, strategy: "put", target: this.#target(upload, 1) };
    const first = Array.from({ length: Math.min(this.firstWindow, upload.partCount) }, (_, index) => index + 1);
    const parts = first.map((number) => this.#target(upload, number));
    return { ...shared, strategy: "multipart", target: { part_size: partSize, part_count: upload.partCount, parts } };
  }

  /**
   * @param {FakeUpload} upload
   * @param {number} number
   */
  #target(upload, number) {
    const size = Math.min(upload.partSize, upload.size - (number - 1) * upload.partSize);
    const expires = Date.now() + this.urlLife;
    const query = `part=${number}&size=${size}&expires=${expires}`;
    return {
      part_number: number, size, method: "PUT", headers: { "x-amz-meta-signed": `${number}` },
      url: `${this.s3.url}/${encodeURIComponent(upload.id)}?${query}`, expires_at: this.#time(this.urlLife),
    };
  }

  /** @param {URLSearchParams} query */
  #open(query) {
    const here = [...this.uploads.values()].filter(({ bucket, key, multipart, state }) => multipart && state === "pending" &&
      bucket === query.get("bucket") && key.startsWith(query.get("prefix") ?? ""));
    return here.map((upload) => ({ ...describe(upload), created_at: this.#time(), expires_at: this.#time(1000) }));
  }

  /** @param {FakeUpload} upload */
  #complete(upload) {
    const numbers = Array.from({ length: upload.partCount }, (_, index) => index + 1);
    const missing = numbers.filter((number) => !upload.parts.has(number));
    if (missing.length > 0) return upload.multipart ? problem(409, "parts_missing", { missing }) : problem(404, "upload_gone");
    const bytes = Buffer.concat(numbers.map((number) => upload.parts.get(number) ?? Buffer.of()));
    this.objects.set(`${upload.bucket}/${upload.key}`, bytes);
    upload.state = "complete";
    const { bucket, key, size, type } = upload;
    return ok({ state: "complete", object: { bucket, key, size, type, etag: "e", version_id: null } });
  }

  /** @param {string} id */
  #abort(id) {
    const upload = this.uploads.get(id);
    if (upload?.state === "complete") return problem(409, "upload_complete");
    this.uploads.delete(id);
    return { status: 204 };
  }

  /**
   * @param {string} id
   * @param {(upload: FakeUpload) => Answer} action
   */
  #with(id, action) {
    const upload = this.uploads.get(id);
    if (!upload) return problem(404, "upload_not_found");
    return upload.state === "gone" ? problem(404, "upload_gone") : action(upload);
  }

  /**
   * @param {string} id
   * @param {(upload: FakeUpload) => object} action
   */
  #signed(id, action) {
    const upload = this.uploads.get(id);
    return upload ? ok({ server_time: this.#time(), ...action(upload) }) : problem(404, "upload_not_found");
  }

  /**
   * @param {IncomingMessage} request
   * @param {Buffer} body
   * @returns {Promise<Fault>}
   */
  async #s3(request, body) {
    const url = new URL(request.url ?? "", "http://s3");
    const id = decodeURIComponent(url.pathname.slice(1));
    const part = Number(url.searchParams.get("part"));
    const seen = { operation: "put", part, id, headers: request.headers, body };
    this.log.push(seen);
    this.mostInFlight = Math.max(this.mostInFlight, ++this.inFlight);
    const fault = this.fault(seen);
    await this.delay();
    this.inFlight -= 1;
    if (fault !== undefined && fault !== "lose") return fault;
    const answer = this.#take(seen, url.searchParams);
    return fault ?? answer;
  }

  /**
   * @param {Seen} seen
   * @param {URLSearchParams} query
   */
  #take({ id, part, headers, body }, query) {
    const upload = this.uploads.get(id);
    if (!upload || upload.state === "gone") return refusal(404, "NoSuchUpload");
    const signed = headers["x-amz-meta-signed"] === `${part}` && headers["content-type"] === undefined;
    if (Date.now() >= Number(query.get("expires"))) return refusal(403, "AccessDenied");
    if (!signed || body.length !== Number(query.get("size"))) return refusal(403, "SignatureDoesNotMatch");
    if (!upload.multipart && upload.parts.has(part)) return refusal(412, "PreconditionFailed");
    upload.parts.set(part, body);
    return { status: 200, headers: { etag: '"e"' } };
  }

  /** @param {number} [later] */
  #time(later = 0) {
    return new Date(Date.now() + this.skew + later).toISOString();
  }
}

/**
 * @param {string | undefined} method
 * @param {string | undefined} noun
 * @param {string | undefined} id
 * @param {string | undefined} verb
 */
function operationOf(method, noun, id, verb) {
  if (noun !== "uploads") return `${method} ${noun}`;
  if (id === undefined) return method === "POST" ? "create" : "list";
  if (id === "complete") return "completeMany";
  if (verb === undefined) return method === "DELETE" ? "abort" : "get";
  return verb === "parts" ? "sign" : verb;
}

/** @param {FakeUpload} upload */
function describe({ id, state, bucket, key, size, type, fingerprint, partSize, partCount }) {
  return { id, state, bucket, key, size, type, fingerprint, part_size: partSize, part_count: partCount };
}

/** @param {FakeUpload} upload */
function partsOf({ parts }) {
  return [...parts].map(([part_number, bytes]) => ({ part_number, size: bytes.length, etag: "e" }));
}

/**
 * @param {string} id
 * @param {Answer} answer
 */
function item(id, { status, body }) {
  const { detail, code, ...rest } = JSON.parse(body ?? "");
  return status === 200 ? { id, ...rest } : { id, error: { code, status, detail } };
}

/** @param {Buffer} body */
function json(body) {
  return body.length > 0 ? JSON.parse(body.toString()) : {};
}

/** @param {object} body */
function ok(body, status = 200) {
  return { status, headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
}

/**
 * A problem document as the broker sends it.
 *
 * @param {number} status
 * @param {string} code
 * @param {object} [more]
 * @param {Record<string, string>} [headers]
 * @returns {Answer}
 */
export function problem(status, code, more = {}, headers = {}) {
  const body = JSON.stringify({ type: "about:blank", title: code, status, detail: `It is ${code}.`, code, request_id: "r-1", ...more });
  return { status, headers: { "content-type": "application/problem+json", ...headers }, body };
}

/**
 * @param {number} status
 * @param {string} code
 */
function refusal(status, code) {
  return { status, headers: { "content-type": "application/xml" }, body: `<Error><Code>${code}</Code></Error>` };
}
