/**
 * The page's one state: replaced, never changed in place; the views are functions of it.
 *
 * @import { OpenUpload } from "../client/types.d.ts"
 * @typedef {import("./places.js").Place} Place
 * @typedef {import("./places.js").Bucket} Bucket
 * @typedef {import("./rows.js").Row} Row
 * @typedef {import("./rows.js").Order} Order
 * @typedef {import("./grid.js").Selection} Selection
 * @typedef {import("./grid.js").Span} Span
 * @typedef {import("./messages.js").Failure} Failure
 * @typedef {import("./tray-model.js").Tray} Tray
 *
 * @typedef {"starting" | "unreachable" | "signed-out" | "signed-in" | "expired"} SessionState
 *
 * @typedef {object} Listing
 * @property {"loading" | "ready" | "failed"} state
 * @property {readonly Row[]} rows     in the order of keys, as pages arrived
 * @property {readonly Row[]} shown    the same rows as they are drawn
 * @property {Order | null} order      null: as they arrived, because the list is not complete
 * @property {string | null} cursor    of the next page; null when the list is complete
 * @property {"idle" | "loading" | "failed"} more  what the next page is doing
 * @property {Failure | null} failure
 *
 * @typedef {object} Choice
 * @property {string} label
 * @property {string} testId
 * @property {boolean} danger          it destroys something
 * @property {() => void} run          closes the question, or sets `busy` and closes it later
 *
 * @typedef {object} Question          what a dialog asks before something cannot be undone
 * @property {string} title
 * @property {string} text
 * @property {readonly string[]} names  what it is about; the dialog shows the first few
 * @property {readonly Choice[]} choices  the last one is the main one
 * @property {string} dismiss          label of the button that changes nothing
 * @property {boolean} busy
 *
 * @typedef {object} State
 * @property {SessionState} session
 * @property {string} user             subject of who is signed in
 * @property {{busy: boolean, failure: Failure | null}} signIn
 * @property {readonly Bucket[] | null} buckets  null until they are loaded
 * @property {Place | null} place
 * @property {Listing} listing
 * @property {Span} span               rows in view, with a margin
 * @property {number} focus            index of the row that Tab reaches
 * @property {Selection} selection
 * @property {Tray} tray
 * @property {boolean} trayOpen
 * @property {boolean} writeOnce       the storage itself refuses to replace what exists, unless it is told to
 * @property {readonly OpenUpload[]} unfinished  of this folder
 * @property {"early" | "late" | "opened"} offer  unfinished uploads were known before the rows were drawn; after; after, and asked for
 * @property {Question | null} question
 * @property {"none" | "allowed" | "refused"} dragging  files over the page
 * @property {number} reading          files found so far in what was dropped; 0 when done
 * @property {boolean} online
 * @property {Failure | null} failure  the alert above the list
 * @property {string} status           the last good news
 * @property {Date} now                for relative dates
 */
import { NOTHING } from "./grid.js";
import { EMPTY_TRAY } from "./tray-model.js";

/** @type {Listing} */
export const LOADING = {
  state: "loading",
  rows: [],
  shown: [],
  order: null,
  cursor: null,
  more: "idle",
  failure: null,
};

/** Rows to draw before the height of the list is known. @type {Span} */
export const TOP = { first: 0, last: 40 };

/** @param {Date} now @param {boolean} online @returns {State} */
export const initialState = (now, online) => ({
  session: "starting",
  user: "",
  signIn: { busy: false, failure: null },
  buckets: null,
  place: null,
  listing: LOADING,
  span: TOP,
  focus: 0,
  selection: NOTHING,
  tray: EMPTY_TRAY,
  trayOpen: true,
  writeOnce: false,
  unfinished: [],
  offer: "early",
  question: null,
  dragging: "none",
  reading: 0,
  online,
  failure: null,
  status: "",
  now,
});

/**
 * @typedef {object} Store
 * @property {() => State} get
 * @property {(patch: Partial<State>) => void} set
 */

/** @param {State} initial @param {() => void} changed @returns {Store} */
export function createStore(initial, changed) {
  let state = initial;
  return {
    get: () => state,
    set(patch) {
      state = { ...state, ...patch };
      changed();
    },
  };
}
