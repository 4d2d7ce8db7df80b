/**
 * Completes many small uploads in few requests: whoever asks while a request is under way
 * shares the next one.
 *
 * @import { CompletedItem, CompletedItems, StoredObject } from "./types.d.ts"
 */

import { BrokerError, unreadable } from "./errors.js";

/** The most the broker takes in one request. */
const MOST = 1000;

/** @typedef {{ id: string, resolve: (object: StoredObject) => void, reject: (error: unknown) => void }} Asked */

export class Completer {
  #send;
  /** Who waits for the next request. @type {Asked[]} */
  #asked = [];
  #busy = false;

  /** @param {(ids: string[]) => Promise<CompletedItems>} send */
  constructor(send) {
    this.#send = send;
  }

  /**
   * One try.
   *
   * @param {string} id
   * @returns {Promise<StoredObject>}
   */
  complete(id) {
    return new Promise((resolve, reject) => {
      this.#asked.push({ id, resolve, reject });
      if (!this.#busy) void this.#work();
    });
  }

  async #work() {
    this.#busy = true;
    while (this.#asked.length > 0) await this.#settle(this.#asked.splice(0, MOST));
    this.#busy = false;
  }

  /** @param {Asked[]} batch */
  async #settle(batch) {
    try {
      const { uploads } = await this.#send(batch.map(({ id }) => id));
      const answers = new Map(uploads.map((item) => [item.id, item]));
      for (const asked of batch) hand(asked, answers.get(asked.id));
    } catch (error) {
      for (const asked of batch) asked.reject(error);
    }
  }
}

/**
 * @param {Asked} asked
 * @param {CompletedItem | undefined} answer
 */
function hand(asked, answer) {
  if (!answer) asked.reject(unreadable("The broker's answer leaves out an upload."));
  else if ("error" in answer) asked.reject(BrokerError.ofItem(answer.error));
  else asked.resolve(answer.object);
}
