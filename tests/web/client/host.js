/**
 * A real HTTP server on a free port of loopback, whose requests are answered by one function.
 *
 * @import { AddressInfo } from "node:net"
 * @import { IncomingMessage, Server, ServerResponse } from "node:http"
 */
import { createServer } from "node:http";

/**
 * @typedef {{ status: number, headers?: Record<string, string>, body?: string }} Answer
 * @typedef {Answer | "cut" | "lose" | "hang"} Fault  the last three: no answer at all
 */

/** One listening port that can be taken away and come back. */
export class Host {
  #port = 0;
  /** @type {Server} */
  #server = createServer((request, response) => this.#serve(request, response));
  #handle;

  /** @param {(request: IncomingMessage, body: Buffer) => Promise<Fault>} handle */
  constructor(handle) {
    this.#handle = handle;
  }

  get url() {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** On the same port as before, if it listened before. */
  listen() {
    return new Promise((resolve) => this.#server.listen(this.#port, "127.0.0.1", () => {
      this.#port = /** @type {AddressInfo} */ (this.#server.address()).port;
      resolve(undefined);
    }));
  }

  close() {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    return closed;
  }

  /**
   * @param {IncomingMessage} request
   * @param {ServerResponse} response
   */
  async #serve(request, response) {
    const body = await bodyOf(request);
    if (body === null) return;
    const answer = await this.#handle(request, body);
    if (answer === "hang") return;
    if (answer === "cut" || answer === "lose") request.socket.destroy();
    else response.writeHead(answer.status, answer.headers ?? {}).end(answer.body ?? "");
  }
}

/**
 * Null when the client went away before it had sent everything.
 *
 * @param {IncomingMessage} request
 */
async function bodyOf(request) {
  const chunks = [];
  try {
    for await (const chunk of request) chunks.push(chunk);
  } catch {
    return null;
  }
  return Buffer.concat(chunks);
}
