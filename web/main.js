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
const BETWEEN_DOWNLOADS = 400; // ms; a browser drops a download that the next one overtakes

/** The frame that will draw; 0 when nothing changed. */
let frame = 0;
/** The timer that takes the last good message away. @type {ReturnType<typeof setTimeout> | undefined} */
let telling;

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
  removed: (keys) => browsing.removed(keys),
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
  reload: () => location.reload(),
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

/** The answer is an attachment, so the page stays. @param {string} url */
async function startDownload(url) {
  const link = document.createElement("a");
  link.href = url;
  link.download = "";
  link.rel = "noreferrer";
  link.click();
  await new Promise((resolve) => setTimeout(resolve, BETWEEN_DOWNLOADS));
}

let depth = 0; // elements the dragged files are over; each child enters and leaves too
/** @param {DragEvent} event @param {number} step */
function dragged(event, step) {
  if (!carriesFiles(event.dataTransfer)) return;
  event.preventDefault();
  depth = Math.max(0, depth + step);
  const { place, buckets, session: state, question } = store.get();
  const allowed = place !== null && actionsAt(buckets ?? [], place).has("write");
  const answerable = state === "signed-in" && question === null;
  const dragging = depth === 0 || !answerable ? "none" : allowed ? "allowed" : "refused";
  if (dragging !== store.get().dragging) store.set({ dragging });
}

/** Dropped anywhere else, a file would replace the page. @param {DragEvent} event */
function dropped(event) {
  if (!carriesFiles(event.dataTransfer)) return;
  event.preventDefault();
  const { dragging } = store.get();
  depth = 0;
  store.set({ dragging: "none" });
  if (dragging === "allowed" && event.dataTransfer) transfers.dropped(event.dataTransfer);
}

addEventListener("dragenter", (event) => dragged(event, 1));
addEventListener("dragover", (event) => dragged(event, 0));
addEventListener("dragleave", (event) => dragged(event, -1));
addEventListener("drop", dropped);
addEventListener("popstate", () => browsing.popped());
addEventListener("resize", () => list.scrolled());
addEventListener("online", () => store.set({ online: true }));
addEventListener("offline", () => store.set({ online: false }));
addEventListener("beforeunload", (event) => {
  if (engine.snapshot().total.active > 0) event.preventDefault();
});
setInterval(() => store.set({ now: new Date() }), CLOCK_TICK);

session.start();
