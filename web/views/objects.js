/**
 * What can be done with selected files: download and delete.
 *
 * @import { BrokerApi } from "../client/types.d.ts"
 * @import { Question, Store } from "./state.js"
 * @import { Row } from "./rows.js"
 * @typedef {object} Parts
 * @property {BrokerApi} broker
 * @property {Store} store
 * @property {(url: string) => Promise<void>} startDownload  by the browser itself: the bytes come from S3
 * @property {(bucket: string, keys: ReadonlySet<string>) => void} removed
 * @property {() => void} settled      the question was answered: time to move the focus
 * @property {(text: string) => void} tell
 */
import { bytes, counted } from "./format.js";
import { failed, failureOf } from "./messages.js";
import { baseName, visible } from "./names.js";

const BATCH = 1000; // keys a request may name

/** @template T @param {readonly T[]} items @returns {T[][]} */
const batches = (items) =>
  Array.from({ length: Math.ceil(items.length / BATCH) }, (_, index) => items.slice(index * BATCH, (index + 1) * BATCH));

/** @typedef {{key: string, error?: {detail: string}}} Refused */
/** @typedef {{bucket: string, keys: readonly string[]}} Target  as it was when the question was asked */

/** @param {string} what happened not @param {readonly Refused[]} refused @param {number} count asked for */
function refusedSome(what, refused, count) {
  const [first] = refused;
  const name = first ? `${visible(baseName(first.key))}: ${first.error?.detail ?? ""}` : "";
  return failed(count === 1 ? `The file was not ${what}` : `${refused.length} of ${count} files were not ${what}`, name);
}

export class Objects {
  /** @type {Parts} */
  #parts;

  /** @param {Parts} parts */
  constructor(parts) {
    this.#parts = parts;
  }

  /** @param {readonly Row[]} files */
  async download(files) {
    try {
      await this.#download(files);
    } catch (error) {
      this.#parts.store.set({ failure: failureOf("The download did not start", error) });
    }
  }

  /** @param {readonly Row[]} files */
  askToDelete(files) {
    const target = { bucket: this.#parts.store.get().place?.bucket ?? "", keys: files.map(({ key }) => key) };
    const size = files.reduce((sum, file) => sum + file.size, 0);
    /** @type {Question} */
    const question = {
      title: `Delete ${files.length === 1 ? "this file" : counted(files.length, "file")}?`,
      text: `${bytes(size)}. This cannot be undone here.`,
      names: files.map(({ name }) => name),
      choices: [{ label: "Delete", testId: "confirm-delete", danger: true, run: () => this.#deleteConfirmed(question, target) }],
      dismiss: "Cancel",
      busy: false,
    };
    this.#parts.store.set({ question });
  }

  /** @param {readonly Row[]} files */
  async #download(files) {
    const { broker, store, startDownload } = this.#parts;
    const bucket = store.get().place?.bucket ?? "";
    /** @type {Refused[]} */
    const refused = [];
    for (const keys of batches(files.map(({ key }) => key))) {
      const items = keys.map((key) => ({ bucket, key }));
      const { downloads } = await broker.createDownloads({ items, disposition: "attachment" });
      for (const each of downloads) {
        const refusal = "url" in each ? await this.#missing(each) : each;
        if (refusal) refused.push(refusal);
        else if ("url" in each) await startDownload(each.url);
      }
    }
    if (refused.length > 0) store.set({ failure: refusedSome("downloaded", refused, files.length) });
  }

  /**
   * A browser that gets S3's error instead of an attachment shows it in place of the page: so the broker looks first.
   * @param {{bucket: string, key: string}} object
   * @returns {Promise<Refused | null>}
   */
  async #missing({ bucket, key }) {
    try {
      await this.#parts.broker.getMetadata({ bucket, key });
      return null;
    } catch (error) {
      const { status, message } = failureOf("", error);
      return { key, error: { detail: status === 404 ? "It is not there any more." : message } };
    }
  }

  /** @param {Question} question @param {Target} target */
  async #deleteConfirmed(question, target) {
    const { store, settled } = this.#parts;
    const busy = { ...question, busy: true };
    store.set({ question: busy });
    try {
      await this.#delete(target);
    } catch (error) {
      store.set({ failure: failureOf("The files were not deleted", error) });
    }
    if (store.get().question !== busy) return;
    store.set({ question: null });
    settled();
  }

  /** What went is removed from the list even if a later batch fails. @param {Target} target */
  async #delete({ bucket, keys: all }) {
    const { broker, store, removed, tell } = this.#parts;
    /** @type {Refused[]} */
    const results = [];
    try {
      for (const keys of batches(all)) {
        results.push(...(await broker.deleteObjects({ bucket, keys })).results);
      }
    } finally {
      removed(bucket, new Set(results.filter(({ error }) => !error).map(({ key }) => key)));
    }
    const refused = results.filter(({ error }) => error);
    if (refused.length > 0) store.set({ failure: refusedSome("deleted", refused, all.length) });
    else tell(`${counted(all.length, "file")} deleted.`);
  }
}
