/**
 * Uploads: from picked or dropped files to the engine, and from the engine to the page.
 *
 * @import { BrokerApi, Engine, IfExists, OpenUpload, Snapshot, UploadRow } from "../client/types.d.ts"
 * @import { Store } from "./state.js"
 * @import { PickedFile } from "./drop.js"
 * @import { Place } from "./places.js"
 * @typedef {object} Parts
 * @property {BrokerApi} broker
 * @property {Engine} engine
 * @property {Store} store
 * @property {(uploads: {bucket: string, key: string, size: number}[]) => void} uploaded
 * @property {(text: string) => void} tell
 */
import { entriesOf, topName, topNames, walk } from "./drop.js";
import { counted } from "./format.js";
import { failed, failureOf } from "./messages.js";
import { visible } from "./names.js";
import { actionsAt, samePlace } from "./places.js";
import { ENDED, trayOf } from "./tray-model.js";

const REPORT_EVERY = 100; // files read from a dropped folder between two counts on the page
const AT_ONCE = 20; // names looked up at a time in a list that is not complete
const COURTESY = 100; // names looked up where the storage refuses to replace anyway

export class Transfers {
  /** @type {Parts} */
  #parts;
  /** Ends of uploads that were told: a cancelled one may be retried and end again. @type {Set<string>} */
  #told = new Set();
  /** Whether unfinished uploads are being asked for, and whether to ask once more afterwards. */
  #finding = { now: false, again: false };

  /** @param {Parts} parts */
  constructor(parts) {
    this.#parts = parts;
    parts.engine.subscribe((snapshot) => this.#changed(snapshot));
  }

  /** @param {readonly PickedFile[]} files */
  async add(files) {
    const { place } = this.#parts.store.get();
    if (place) await this.#addTo(files, place);
  }

  /** Must be called inside the drop event. @param {DataTransfer} transfer */
  async dropped(transfer) {
    const { store } = this.#parts;
    const { place } = store.get();
    const entries = entriesOf(transfer);
    if (!place) return;
    const files = await this.#readAll(entries);
    await this.#addTo(files, place);
  }

  /** Uploads begun here earlier or on another device. They are an offer, so a failure stays silent. */
  async findUnfinished() {
    const finding = this.#finding;
    finding.again = true;
    if (finding.now) return;
    finding.now = true;
    while (finding.again) {
      finding.again = false;
      await this.#find();
    }
    finding.now = false;
  }

  /** Never begins a new upload: what lies under that name stays. @param {OpenUpload} open @param {File} file */
  async continueWith(open, file) {
    const { engine, store } = this.#parts;
    store.set({ trayOpen: true, failure: null });
    try {
      await engine.continueUpload(open, file);
    } catch (error) {
      store.set({ failure: failureOf(`The upload does not go on with ${visible(file.name)}`, error) });
    }
  }

  /** What the storage refused because the name exists. @param {string} id */
  replace(id) {
    this.#parts.engine.retry(id, { ifExists: "replace" });
  }

  /** @param {OpenUpload} open */
  askToDiscard(open) {
    const { store } = this.#parts;
    store.set({
      question: {
        title: "Discard this upload?",
        text: "What was uploaded of it so far is removed.",
        names: [open.key.slice(store.get().place?.prefix.length)],
        choices: [{ label: "Discard", testId: "confirm-discard", danger: true, run: () => this.#discard(open) }],
        dismiss: "Keep",
        busy: false,
      },
    });
  }

  askToCancelAll() {
    const { engine, store } = this.#parts;
    const unfinished = engine.snapshot().uploads.filter(({ state }) => !ENDED.has(state));
    const run = () => {
      store.set({ question: null });
      engine.cancelAll();
    };
    store.set({
      question: {
        title: `Cancel ${counted(unfinished.length, "upload")}?`,
        text: "What was uploaded of them so far is removed. Finished uploads stay.",
        names: unfinished.map(({ name }) => name),
        choices: [{ label: "Cancel uploads", testId: "confirm-cancel-all", danger: true, run }],
        dismiss: "Go on",
        busy: false,
      },
    });
  }

  /** A list that is drawn already does not move: the offer is a button then. */
  async #find() {
    const { engine, store } = this.#parts;
    const { place } = store.get();
    if (!place || !this.#may("write", place)) return;
    const unfinished = await engine.openUploads(place).catch(() => []);
    const { place: current, unfinished: before, offer, listing } = store.get();
    if (!samePlace(place, current)) return;
    const late = before.length === 0 && listing.state !== "loading";
    store.set({ unfinished, offer: late ? "late" : offer });
  }

  /** @param {OpenUpload} open */
  async #discard({ id }) {
    const { broker, store } = this.#parts;
    store.set({ question: null });
    try {
      await broker.abortUpload(id);
    } catch (error) {
      store.set({ failure: failureOf("The upload was not discarded", error) });
    }
    await this.findUnfinished();
  }

  /** @param {Snapshot} snapshot */
  #changed(snapshot) {
    const { store, tell } = this.#parts;
    const wasActive = store.get().tray.total.active > 0;
    store.set({ tray: trayOf(snapshot) });
    this.#tellEnded(snapshot.uploads.filter(({ id, state }) => ENDED.has(state) && !this.#told.has(`${id} ${state}`)));
    const { active, done } = snapshot.total;
    if (wasActive && active === 0 && !store.get().tray.paused && done > 0) tell(`${counted(done, "upload")} done.`);
  }

  /** @param {readonly UploadRow[]} ended */
  #tellEnded(ended) {
    const { store, uploaded } = this.#parts;
    for (const { id, state } of ended) this.#told.add(`${id} ${state}`);
    uploaded(ended.filter(({ state }) => state === "done"));
    const offered = new Set(store.get().unfinished.map(({ bucket, key }) => `${bucket}/${key}`));
    if (ended.some(({ bucket, key }) => offered.has(`${bucket}/${key}`))) this.findUnfinished();
  }

  /** @param {readonly PickedFile[]} files @param {Place} place */
  async #addTo(files, place) {
    const { store } = this.#parts;
    try {
      const taken = await this.#takenOf(topNames(files), place);
      if (taken.length > 0) this.#askAboutTaken(files, place, taken);
      else this.#send(files, place);
    } catch (error) {
      store.set({ failure: failureOf("The upload did not start", error) });
    }
  }

  /** @param {readonly PickedFile[]} files @param {Place} place @param {IfExists} [ifExists] */
  #send(files, place, ifExists) {
    const { engine, store } = this.#parts;
    const asked = ifExists ?? (store.get().writeOnce ? "fail" : undefined);
    store.set({ trayOpen: true, question: null });
    if (files.length > 0) engine.add(files, { ...place, ...(asked ? { ifExists: asked } : {}) });
  }

  /** Which of these names the folder has already, or will have. @param {readonly string[]} names @param {Place} place */
  async #takenOf(names, place) {
    const { listing, place: current, writeOnce } = this.#parts.store.get();
    const here = samePlace(place, current) && listing.state === "ready";
    const listed = here ? listing.rows.map(({ key }) => key.slice(place.prefix.length)) : [];
    const known = new Set([...listed, ...this.#onTheWay(place)]);
    const complete = here && listing.cursor === null;
    const unknown = complete || !this.#may("list", place) ? [] : names.filter((name) => !known.has(name));
    const found = await this.#lookUp(writeOnce ? unknown.slice(0, COURTESY) : unknown, place);
    return names.filter((name) => known.has(name) || found.has(name));
  }

  /** Names that uploads in the tray are about to take. @param {Place} place */
  #onTheWay({ bucket, prefix }) {
    const { uploads } = this.#parts.engine.snapshot();
    const here = uploads.filter((each) => each.bucket === bucket && each.key.startsWith(prefix));
    const coming = here.filter(({ state }) => !ENDED.has(state) && state !== "failed");
    return coming.map(({ key }) => topName(key.slice(prefix.length)));
  }

  /** Which of these names the storage has. @param {readonly string[]} names @param {Place} place */
  async #lookUp(names, place) {
    const found = new Set();
    for (let at = 0; at < names.length; at += AT_ONCE) {
      const batch = names.slice(at, at + AT_ONCE);
      await Promise.all(batch.map(async (name) => (await this.#exists(place, name)) && found.add(name)));
    }
    return found;
  }

  /** Of all keys that begin with a name, the name itself comes first. @param {Place} place @param {string} name */
  async #exists({ bucket, prefix }, name) {
    const { objects } = await this.#parts.broker.listObjects({ bucket, prefix: prefix + name, limit: 1 });
    return objects.some(({ key }) => name.endsWith("/") || key === prefix + name);
  }

  /** @param {readonly PickedFile[]} files @param {Place} place @param {readonly string[]} taken */
  #askAboutTaken(files, place, taken) {
    const names = new Set(taken);
    const others = files.filter(({ name }) => !names.has(topName(name)));
    const one = taken.length === 1;
    const skip = { label: one ? "Skip it" : "Skip them", testId: "skip", danger: false, run: () => this.#send(others, place) };
    const replace = { label: "Replace", testId: "replace", danger: true, run: () => this.#send(files, place, "replace") };
    this.#parts.store.set({
      question: {
        title: one ? "This name exists already" : `${counted(taken.length, "name")} exist already`,
        text: taken.some((name) => name.endsWith("/"))
          ? "In a folder, only files of the same name are replaced; the others stay."
          : "Replacing cannot be undone here.",
        names: taken,
        choices: others.length > 0 ? [skip, replace] : [replace],
        dismiss: "Cancel",
        busy: false,
      },
    });
  }

  /** @param {FileSystemEntry[]} entries */
  async #readAll(entries) {
    const { store } = this.#parts;
    /** @type {PickedFile[]} */
    const files = [];
    /** @type {string[]} */
    const unreadable = [];
    for await (const file of walk(entries, (path) => unreadable.push(path))) {
      files.push(file);
      if (files.length % REPORT_EVERY === 0) store.set({ reading: files.length });
    }
    store.set({ reading: 0 });
    const [first] = unreadable;
    if (first) store.set({ failure: failed(`${counted(unreadable.length, "item")} could not be read`, visible(first)) });
    return files;
  }

  /** @param {string} action @param {Place} place */
  #may(action, place) {
    return actionsAt(this.#parts.store.get().buckets ?? [], place).has(action);
  }
}
