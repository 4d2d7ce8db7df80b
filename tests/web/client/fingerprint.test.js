import assert from "node:assert/strict";
import { createHash, randomBytes, webcrypto } from "node:crypto";
import { test } from "node:test";
import { fingerprint } from "../../../web/client/fingerprint.js";

const MIB = 1024 * 1024;
const hash = (/** @type {Uint8Array<ArrayBuffer>} */ bytes) => webcrypto.subtle.digest("SHA-256", bytes);

/** @param {Buffer} bytes */
function expected(bytes) {
  const size = Buffer.alloc(8);
  size.writeBigUInt64BE(BigInt(bytes.length));
  const last = bytes.subarray(Math.max(0, bytes.length - MIB));
  return createHash("sha256").update(size).update(bytes.subarray(0, MIB)).update(last).digest("hex");
}

for (const size of [0, 1, MIB - 1, MIB, MIB + 1, 2 * MIB, 3 * MIB + 7]) {
  test(`a file of ${size} bytes: size, first and last MiB`, async () => {
    const bytes = randomBytes(size);
    assert.equal(await fingerprint(new Blob([bytes]), hash), expected(bytes));
  });
}

test("a change in the first or last byte and one of size change it", async () => {
  const bytes = randomBytes(3 * MIB);
  const first = Buffer.from(bytes);
  first[0] = (first[0] ?? 0) ^ 1;
  const last = Buffer.from(bytes);
  last[last.length - 1] = (last.at(-1) ?? 0) ^ 1;
  const all = await Promise.all([bytes, first, last, Buffer.concat([bytes, Buffer.of(0)])].map((each) => fingerprint(new Blob([each]), hash)));
  assert.equal(new Set(all).size, 4);
});

test("never more than two MiB are read", async () => {
  let read = 0;
  const file = {
    size: 50 * 1024 * MIB, type: "",
    slice: (start = 0, end = 0) => {
      read += end - start;
      return new Blob([new Uint8Array(end - start)]);
    },
  };
  await fingerprint(file, hash);
  assert.equal(read, 2 * MIB);
});

test("a file that is gone says so", async () => {
  const slice = () => Object.assign(new Blob([]), { arrayBuffer: () => Promise.reject(new DOMException("", "NotFoundError")) });
  await assert.rejects(fingerprint({ size: 5, type: "", slice }, hash), { name: "FileUnreadable" });
});
