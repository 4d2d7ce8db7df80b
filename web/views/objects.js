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
 * @property {(keys: ReadonlySet<string>) => void} removed
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
    const size = files.reduce((sum, file) => sum + file.size, 0);
    /** @type {Question} */
    const question = {
      title: `Delete ${files.length === 1 ? "this file" : counted(files.length, "file")}?`,
      text: `${bytes(size)}. This cannot be undone here.`,
      names: files.map(({ name }) => name),
      choices: [{ label: "Delete", testId: "confirm-delete", danger: true, run: () => this.#deleteConfirmed(question, files) }],
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
        if ("url" in each) await startDownload(each.url);
        else refused.push(each);
      }
    }
    if (refused.length > 0) store.set({ failure: refusedSome("downloaded", refused, files.length) });
  }

  /** @param {Question} question @param {readonly Row[]} files */
  async #deleteConfirmed(question, files) {
    const { store, settled } = this.#parts;
    store.set({ question: { ...question, busy: true } });
    try {
      await this.#delete(files);
    } catch (error) {
      store.set({ failure: failureOf("The files were not deleted", error) });
    } finally {
      store.set({ question: null });
      settled();
    }
  }

  /** What went is removed from the list even if a later batch fails. @param {readonly Row[]} files */
  async #delete(files) {
    const { broker, store, removed, tell } = this.#parts;
    const bucket = store.get().place?.bucket ?? "";
    /** @type {Refused[]} */
    const results = [];
    try {
      for (const keys of batches(files.map(({ key }) => key))) {
        results.push(...(await broker.deleteObjects({ bucket, keys })).results);
      }
    } finally {
      removed(new Set(results.filter(({ error }) => !error).map(({ key }) => key)));
    }
    const refused = results.filter(({ error }) => error);
    if (refused.length > 0) store.set({ failure: refusedSome("deleted", refused, files.length) });
    else tell(`${counted(files.length, "file")} deleted.`);
  }
}
