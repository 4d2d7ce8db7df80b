import assert from "node:assert/strict";
import { test } from "node:test";
import { browserOnline } from "../../../web/client/adapters/online.js";
import { addOne, ended, fakeS3, makeEngine, randomFile, row, until } from "./harness.js";

test("a browser's own word counts; where it says nothing, it counts as online", () => {
  assert.equal(browserOnline({ navigator: { onLine: false } }).isOnline(), false);
  assert.equal(browserOnline({ navigator: { onLine: true } }).isOnline(), true);
  assert.equal(browserOnline({ navigator: {} }).isOnline(), true);
  assert.equal(browserOnline({}).isOnline(), true);
  assert.doesNotThrow(browserOnline({}).onOnline(() => {}));
});

test("who listens hears the window's online event, until it stops", () => {
  const window = new EventTarget();
  let heard = 0;
  const stop = browserOnline(window).onOnline(() => { heard += 1; });
  window.dispatchEvent(new Event("online"));
  stop();
  window.dispatchEvent(new Event("online"));
  assert.equal(heard, 1);
});

test("an upload that begins offline waits without end and goes on at once when the network is back", async (t) => {
  const fake = await fakeS3(t);
  await fake.s3.close();
  const network = Object.assign(new EventTarget(), { navigator: { onLine: false } });
  const online = browserOnline(network);
  const minute = 60_000;
  const engine = makeEngine(fake, { online, options: { retries: 0, patience: 0, backoffBase: minute, backoffCap: minute } });
  const id = addOne(engine, "small", randomFile(10));
  await until(engine, () => /^Waiting for S3/.test(row(engine, id).notice ?? ""));
  await fake.s3.listen();
  network.navigator.onLine = true;
  network.dispatchEvent(new Event("online"));
  await ended(engine);
  assert.equal(row(engine, id).state, "done");
});
