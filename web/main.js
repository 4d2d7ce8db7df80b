/**
 * The composition root of the page: the one module that knows every part and the browser.
 *
 * @import { Actions } from "./views/page.js"
 */
import { Broker } from "./client/broker.js";
import { browserEngine } from "./client/browser.js";
import { render } from "./vendor/lit-html/lit-html.js";
import { Browsing } from "./views/browsing.js";
import { carriesFiles } from "./views/drop.js";
import { List } from "./views/list-keys.js";
import { Objects } from "./views/objects.js";
import { page, titleOf } from "./views/page.js";
import { actionsAt } from "./views/places.js";
import { Session } from "./views/session.js";
import { createStore, initialState } from "./views/state.js";
import { Transfers } from "./views/transfers.js";

const TOLD_FOR = 6000; // ms a good message stays
const CLOCK_TICK = 30_000; // ms between two looks at relative dates
const HELD_FOR = 500; // ms between two `dragover` at most; browsers repeat it every 50 to 350
const BETWEEN_DOWNLOADS = 400; // ms; a browser drops a download that the next one overtakes

/** The frame that will draw; 0 when nothing changed. */
let frame = 0;
/** The timer that takes the last good message away. @type {ReturnType<typeof setTimeout> | undefined} */
let telling;
/** The timer that takes dragged files for gone. @type {ReturnType<typeof setTimeout> | undefined} */
let holding;
/** Not while the page leaves by its own will, nor for a download: to the browser that is leaving too, at first. */
let warnsOnLeaving = true;

const root = /** @type {HTMLElement} */ (document.getElementById("app"));
const store = createStore(initialState(new Date(), navigator.onLine), schedule);
const broker = new Broker({
  fetch: (url, init) => fetch(url, init),
  baseUrl: new URL(".", document.baseURI).href,
  onUnauthenticated: () => session.expire(),
});
const engine = browserEngine(broker);

const browsing = new Browsing({
  broker,
  store,
  history,
  search: () => location.search,
  now: () => new Date(),
  opened: () => transfers.findUnfinished(),
  arrived: () => list.focusList(),
});
const objects = new Objects({
  broker,
  store,
  startDownload,
  removed: (bucket, keys) => browsing.removed(bucket, keys),
  settled: () => list.focusList(),
  tell,
});
const transfers = new Transfers({ broker, engine, store, uploaded: (uploads) => browsing.uploaded(uploads), tell });
const list = new List({ store, browsing, objects, paint, clock: () => performance.now() });
const session = new Session({
  broker,
  engine,
  store,
  after: (milliseconds, run) => setTimeout(run, milliseconds),
  enter: () => browsing.enter(),
  reload: () => {
    warnsOnLeaving = false;
    location.reload();
  },
});

/** @type {Actions} */
const actions = { engine, store, session, browsing, objects, transfers, list, tell };

/** Draws once a frame, however often the state changes. */
function schedule() {
  if (frame === 0) frame = requestAnimationFrame(paint);
}

function paint() {
  cancelAnimationFrame(frame);
  frame = 0;
  const state = store.get();
  render(page(state, actions), root);
  document.title = titleOf(state);
  list.scrolled();
}

/** @param {string} text */
function tell(text) {
  clearTimeout(telling);
  store.set({ status: text });
  telling = setTimeout(() => store.set({ status: "" }), TOLD_FOR);
}

/** An attachment leaves the page as it is; anything else that answers would take its place. @param {string} url */
async function startDownload(url) {
  const link = document.createElement("a");
  link.href = url;
  link.download = "";
  link.rel = "noreferrer";
  warnsOnLeaving = false;
  link.click();
  await new Promise((resolve) => setTimeout(resolve, BETWEEN_DOWNLOADS));
  warnsOnLeaving = true;
}

/** A browser repeats `dragover` while files are held over the page, and may never say that they left. @param {DragEvent} event */
function dragged(event) {
  if (!carriesFiles(event.dataTransfer)) return;
  event.preventDefault();
  clearTimeout(holding);
  holding = setTimeout(notDragged, HELD_FOR);
  const { place, buckets, session: state, question } = store.get();
  const allowed = place !== null && actionsAt(buckets ?? [], place).has("write");
  const answerable = state === "signed-in" && question === null;
  setDragging(!answerable ? "none" : allowed ? "allowed" : "refused");
}

function notDragged() {
  clearTimeout(holding);
  setDragging("none");
}

/** @param {"none" | "allowed" | "refused"} dragging */
function setDragging(dragging) {
  if (dragging !== store.get().dragging) store.set({ dragging });
}

/** Dropped anywhere else, a file would replace the page. @param {DragEvent} event */
function dropped(event) {
  if (!carriesFiles(event.dataTransfer)) return;
  event.preventDefault();
  const { dragging } = store.get();
  notDragged();
  if (dragging === "allowed" && event.dataTransfer) transfers.dropped(event.dataTransfer);
}

addEventListener("dragenter", dragged);
addEventListener("dragover", dragged);
addEventListener("dragleave", ({ relatedTarget }) => {
  if (relatedTarget === null) notDragged();
});
addEventListener("dragend", notDragged);
addEventListener("drop", dropped);
addEventListener("popstate", () => browsing.popped());
addEventListener("resize", () => list.scrolled());
addEventListener("online", () => store.set({ online: true }));
addEventListener("offline", () => store.set({ online: false }));
addEventListener("beforeunload", (event) => {
  if (warnsOnLeaving && engine.snapshot().total.unfinished > 0) event.preventDefault();
});
setInterval(() => store.set({ now: new Date() }), CLOCK_TICK);

session.start();
