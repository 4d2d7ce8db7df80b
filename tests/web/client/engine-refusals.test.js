import assert from "node:assert/strict";
import { test } from "node:test";
import { addOne, ended, fakeS3, firstTimes, makeEngine, partsSent, randomFile, row } from "./harness.js";

const PART = 1000;

/**
 * Sends five parts; S3 refuses the third one so many times.
 *
 * @param {import("node:test").TestContext} t
 * @param {{ status: number, code: string | null, times: number }} refusal  a null code: a body that says nothing
 */
async function sent(t, { status, code, times }) {
  const fake = await fakeS3(t);
  const refused = firstTimes(times, ({ operation, part }) => operation === "put" && part === 3);
  const body = code === null ? "" : `<Error><Code>${code}</Code></Error>`;
  fake.fault = (seen) => (refused(seen) ? { status, body } : undefined);
  const engine = makeEngine(fake, { options: { windowSize: 100 } });
  const id = addOne(engine, "big", randomFile(5 * PART));
  await ended(engine);
  const tries = partsSent(fake).filter((part) => part === 3).length;
  const signed = fake.seen("sign").filter(({ body: { parts } }) => (
    parts.some((/** @type {{ part_number: number }} */ each) => each.part_number === 3))).length;
  return { state: row(engine, id).state, tries, signed };
}

for (const code of ["RequestTimeout", "SlowDown", "InternalError", "ServiceUnavailable", "IncompleteBody"]) {
  test(`a 400 ${code} of S3 passes: it is waited out under the same URL`, async (t) => {
    assert.deepEqual(await sent(t, { status: 400, code, times: 3 }), { state: "done", tries: 4, signed: 1 });
  });
}

for (const [status, code] of /** @type {const} */ ([
  [403, "RequestTimeTooSkewed"], [403, null], [404, null], [400, "ExpiredToken"], [400, "AccessDenied"], [400, null],
])) {
  test(`a ${status} ${code ?? "without a code"} of S3 is answered with a new URL`, async (t) => {
    assert.deepEqual(await sent(t, { status, code, times: 1 }), { state: "done", tries: 2, signed: 2 });
  });
}

test("while the broker is asked about a 404, no other task tries the refused URL", async (t) => {
  const fake = await fakeS3(t);
  let replaced = false;
  fake.fault = ({ operation, part }) => {
    if (operation === "sign") replaced = fake.seen("get").length > 0;
    return operation === "put" && part === 1 && !replaced ? { status: 404 } : undefined;
  };
  const engine = makeEngine(fake, { options: { windowSize: 1, concurrentParts: 3 } });
  const id = addOne(engine, "big", randomFile(20 * PART));
  await ended(engine);
  assert.equal(row(engine, id).state, "done");
  assert.equal(fake.seen("get").length, 1);
});

for (const [status, code] of /** @type {const} */ ([[400, "EntityTooSmall"], [400, "InvalidArgument"], [405, null]])) {
  test(`a ${status} ${code ?? "without a code"} of S3 is final at once`, async (t) => {
    assert.deepEqual(await sent(t, { status, code, times: 1 }), { state: "failed", tries: 1, signed: 1 });
  });
}
