/**
 * Which file is it? SHA-256 over the size (8 bytes, big-endian), the first and the last MiB, in hex.
 * Enough to tell a changed file; the server only compares it. Never reads more than 2 MiB.
 *
 * @import { FileLike } from "./types.d.ts"
 */

import { FileUnreadable } from "./errors.js";

const MIB = 1024 * 1024;

/**
 * @param {FileLike} file
 * @param {(bytes: Uint8Array<ArrayBuffer>) => Promise<ArrayBuffer>} hash
 */
export async function fingerprint(file, hash) {
  const size = new DataView(new ArrayBuffer(8));
  size.setBigUint64(0, BigInt(file.size));
  const first = await read(file, 0, Math.min(MIB, file.size));
  const last = await read(file, Math.max(0, file.size - MIB), file.size);
  return hex(await hash(joined([size.buffer, first, last])));
}

/**
 * Throws `FileUnreadable` when the file is not there any more.
 *
 * @param {FileLike} file
 * @param {number} start
 * @param {number} end
 */
export async function read(file, start, end) {
  try {
    return await file.slice(start, end).arrayBuffer();
  } catch (error) {
    throw new FileUnreadable(error);
  }
}

/** @param {ArrayBuffer[]} pieces */
function joined(pieces) {
  const bytes = new Uint8Array(pieces.reduce((total, piece) => total + piece.byteLength, 0));
  let offset = 0;
  for (const piece of pieces) {
    bytes.set(new Uint8Array(piece), offset);
    offset += piece.byteLength;
  }
  return bytes;
}

/** @param {ArrayBuffer} bytes */
function hex(bytes) {
  return Array.from(new Uint8Array(bytes), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
