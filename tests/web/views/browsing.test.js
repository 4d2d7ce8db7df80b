/** @import { Asked } from "./harness.js" */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Browsing } from "../../../web/views/browsing.js";
import { BUCKETS, HOME, Refusal, brokerOf, listed, storeOf } from "./harness.js";

/** @param {(asked: Asked) => unknown} answer @param {string} [search] */
function browsingOf(answer, search = "") {
  const store = storeOf();
  store.set({ session: "signed-in", buckets: /** @type {any} */ (BUCKETS) });
  const { broker, asked } = brokerOf({ "GET /v1/objects": answer });
  /** @type {string[]} */
  const trail = [];
  const history = {
    pushState: (/** @type {unknown} */ _, /** @type {string} */ __, /** @type {any} */ url) => void trail.push(`push ${url}`),
    replaceState: (/** @type {unknown} */ _, /** @type {string} */ __, /** @type {any} */ url) => void trail.push(`replace ${url}`),
  };
  const browsing = new Browsing({
    broker, store, history, search: () => search, now: () => new Date(0), arrived: () => void trail.push("arrived"), opened: () => {},
  });
  return { browsing, store, asked, trail };
}
const below = (/** @type {string} */ name) => ({ bucket: "uploads", prefix: `users/alice/${name}/` });
const names = (/** @type {ReturnType<typeof storeOf>} */ store) => store.get().listing.shown.map(({ name }) => name);

test("the address wins over the first root, and the focus stays where it is", async () => {
  const { browsing, asked, trail } = browsingOf(() => listed([]), "?bucket=uploads&prefix=users/alice/x/");
  await browsing.enter();
  assert.equal(asked[0]?.query.get("prefix"), "users/alice/x/");
  assert.deepEqual(trail, ["replace ?bucket=uploads&prefix=users%2Falice%2Fx%2F"]);
});

test("opening a folder adds to the history, opening it again does not", async () => {
  const { browsing, trail } = browsingOf(() => listed([]));
  await browsing.open(HOME);
  await browsing.open(HOME);
  assert.deepEqual(trail.filter((step) => step !== "arrived"), ["push ?bucket=uploads&prefix=users%2Falice%2F"]);
});

test("the answer of a folder that was left never shows", async () => {
  /** @type {(page: unknown) => void} */
  let release = () => {};
  const slow = new Promise((resolve) => (release = resolve));
  const { browsing, store } = browsingOf(({ query }) => (query.get("prefix") === "users/alice/slow/" ? slow : listed(["users/alice/fast/b"])));
  const first = browsing.open(below("slow"));
  await browsing.open(below("fast"));
  release(listed(["users/alice/slow/a"]));
  await first;
  assert.deepEqual(names(store), ["b"]);
  assert.equal(store.get().listing.state, "ready");
});

test("a list that is not complete keeps the order of its keys and refuses to sort", async () => {
  const { browsing, store } = browsingOf(() => listed(["users/alice/10", "users/alice/9"], { cursor: "next" }));
  await browsing.open(HOME);
  browsing.sortBy("name");
  assert.deepEqual(names(store), ["10", "9"]);
  assert.equal(store.get().listing.order, null);
});

test("the last page completes the list without moving a row, and then it sorts", async () => {
  const { browsing, store } = browsingOf(({ query }) => (query.get("cursor") ? listed(["users/alice/9"]) : listed(["users/alice/10"], { cursor: "next" })));
  await browsing.open(HOME);
  await browsing.loadMore();
  assert.deepEqual(names(store), ["10", "9"]);
  browsing.sortBy("name");
  assert.deepEqual(names(store), ["9", "10"]);
});

test("a next page that fails keeps the rows and says so", async () => {
  const { browsing, store } = browsingOf(({ query }) => (query.get("cursor") ? new Refusal(503, "s3_unavailable") : listed(["users/alice/a"], { cursor: "next" })));
  await browsing.open(HOME);
  await browsing.loadMore();
  assert.deepEqual(names(store), ["a"]);
  assert.equal(store.get().listing.more, "failed");
});

test("one next page is asked for at a time", async () => {
  const { browsing, asked } = browsingOf(({ query }) => (query.get("cursor") ? listed([]) : listed(["users/alice/a"], { cursor: "next" })));
  await browsing.open(HOME);
  await Promise.all([browsing.loadMore(), browsing.loadMore()]);
  assert.equal(asked.length, 2);
});

test("a folder that is not permitted is told from one that is not reached", async () => {
  const { browsing, store } = browsingOf(() => new Refusal(403, "forbidden"));
  await browsing.open(HOME);
  assert.equal(store.get().listing.failure?.status, 403);
});

test("where only uploading is permitted, nothing is listed", async () => {
  const { browsing, store, asked } = browsingOf(() => listed([]));
  await browsing.open({ bucket: "inbox", prefix: "" });
  assert.equal(asked.length, 0);
  assert.equal(store.get().listing.failure?.message, "You may upload to it all the same.");
});

test("on the way up, the folder that was left has the focus", async () => {
  const { browsing, store } = browsingOf(({ query }) =>
    query.get("prefix") === HOME.prefix ? listed([], { prefixes: ["users/alice/a/", "users/alice/b/"] }) : listed([]));
  await browsing.open(below("b"));
  await browsing.open(HOME);
  assert.equal(store.get().listing.shown[store.get().focus]?.name, "b");
});

test("an upload that ends here shows up, one that ends elsewhere does not", async () => {
  const { browsing, store } = browsingOf(() => listed(["users/alice/m"]));
  await browsing.open(HOME);
  browsing.uploaded([{ bucket: "uploads", key: "users/alice/a", size: 1 }, { bucket: "other", key: "users/alice/b", size: 1 }]);
  assert.deepEqual(names(store), ["a", "m"]);
  assert.equal(store.get().listing.shown[store.get().focus]?.name, "m");
});

test("after a deletion the focus is on the next row, or on the last", async () => {
  const { browsing, store } = browsingOf(() => listed(["users/alice/a", "users/alice/b", "users/alice/c"]));
  await browsing.open(HOME);
  store.set({ focus: 1 });
  browsing.removed("uploads", new Set(["users/alice/b"]));
  assert.equal(store.get().listing.shown[store.get().focus]?.name, "c");
  browsing.removed("uploads", new Set(["users/alice/c"]));
  assert.equal(store.get().listing.shown[store.get().focus]?.name, "a");
});

test("what was deleted in another bucket takes no row away here", async () => {
  const { browsing, store } = browsingOf(() => listed(["users/alice/a"]));
  await browsing.open(HOME);
  browsing.removed("other", new Set(["users/alice/a"]));
  assert.deepEqual(names(store), ["a"]);
});

test("a question about a folder that is left is closed, whether by a link or by going back", async () => {
  const { browsing, store } = browsingOf(() => listed([]), "?bucket=uploads&prefix=users/alice/x/");
  const question = { title: "", text: "", names: [], choices: [], dismiss: "", busy: false };
  for (const go of [() => browsing.open(HOME), () => browsing.popped()]) {
    store.set({ question });
    await go();
    assert.equal(store.get().question, null);
  }
});
