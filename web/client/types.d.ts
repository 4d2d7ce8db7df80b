/**
 * Every type of the client: the broker's wire (in `wire.d.ts`), what the engine shows,
 * and what it is given. Import from JSDoc:
 *
 *     /** @import { Snapshot, UploadRow } from "./client/types.d.ts" *\/
 *
 * In a browser:
 *
 *     import { Broker } from "./client/broker.js";
 *     import { browserEngine } from "./client/browser.js";
 *
 *     const broker = new Broker({ fetch: (url, init) => fetch(url, init), onUnauthenticated: askToSignIn });
 *     const engine = browserEngine(broker);
 *     engine.subscribe((snapshot) => render(snapshot));
 *     engine.add([{ file, name: file.webkitRelativePath || file.name }], { bucket, prefix });
 */

import type { BrokerApi, IfExists, OpenUpload } from "./wire.d.ts";

export type * from "./wire.d.ts";

// ---------------------------------------------------------------- what the engine shows

export type UploadState =
  | "waiting" | "fingerprinting" | "starting" | "sending" | "paused"
  | "completing" | "done" | "failed" | "cancelled";

/**
 * `message` is for the person; `code` is the broker's, or `network`, `s3`, `stalled`, `file`, `another_file`, `internal`.
 */
export interface UploadProblem { code: string; message: string; status: number; requestId: string | null }

/** One upload; frozen. The same object comes back until something in it changes. */
export interface UploadRow {
  readonly id: string;
  /** The path inside the destination. */
  readonly name: string;
  readonly bucket: string;
  /** The full key; with a profile, "" until the broker has named it. */
  readonly key: string;
  readonly size: number;
  /** Bytes; falls only when the upload is started anew. */
  readonly sent: number;
  readonly state: UploadState;
  /** Bytes per second; 0 while nothing moves. */
  readonly speed: number;
  /** Null while unknown. */
  readonly secondsLeft: number | null;
  readonly error?: UploadProblem;
  /** Something the person should know although the upload goes on. */
  readonly notice?: string;
  /** Why it is paused: by hand, or because the broker wants a new sign-in. */
  readonly pausedBy?: "person" | "sign-in";
  /** Parts that were in the bucket already when this upload was taken up again. */
  readonly resumedParts?: number;
}

/** Sizes leave failed and cancelled uploads out. */
export interface Total {
  readonly size: number;
  readonly sent: number;
  readonly speed: number;
  readonly secondsLeft: number | null;
  /** Uploads neither ended nor paused. */
  readonly active: number;
  /** Uploads neither done, failed nor cancelled: what closing the page would interrupt. */
  readonly unfinished: number;
  readonly failed: number;
  readonly done: number;
}

export interface Snapshot { readonly uploads: readonly UploadRow[]; readonly total: Total }

/** A `File` is one; so is a `Blob` with a name beside it. Only slices of it are ever read. */
export interface FileLike {
  readonly size: number;
  readonly type: string;
  slice(start?: number, end?: number): Blob;
}
export interface FileToSend { file: FileLike; name: string }

/** Either a bucket with a prefix (may be ""), or a profile that decides both. */
export interface Destination { bucket?: string; prefix?: string; profile?: string; ifExists?: IfExists }

export interface Engine {
  /** Queues the files and returns their ids, in order. */
  add(files: Iterable<FileToSend>, destination: Destination): string[];
  pause(id: string): void;
  resume(id: string): void;
  /** Stops it and aborts it at the broker. */
  cancel(id: string): void;
  /**
   * Takes up a failed or cancelled upload again; what S3 has stays there. `ifExists` counts for an upload
   * that failed as `object_exists` only: it is sent again from the start, with that wish.
   */
  retry(id: string, wish?: { ifExists?: IfExists }): void;
  pauseAll(): void;
  resumeAll(): void;
  cancelAll(): void;
  /** Continues what a missing sign-in had paused, and nothing the person paused. */
  signedIn(): void;
  /** Drops the rows of what is done or cancelled. One whose cancel is still under way stays until it is over. */
  clearFinished(): void;
  snapshot(): Snapshot;
  /** Called some times a second at most. The answer unsubscribes. */
  subscribe(listener: (snapshot: Snapshot) => void): () => void;
  /** Uploads begun earlier or elsewhere that wait for their file: add it to continue. */
  openUploads(place: { bucket: string; prefix?: string }): Promise<OpenUpload[]>;
  /**
   * Goes on with one of them, and resolves with the id of its row. Rejects with `AnotherFile` (an `UploadProblem`
   * with code `another_file`) when this is not the file it was begun with.
   */
  continueUpload(open: OpenUpload, file: FileLike): Promise<string>;
  /** Empties what this device remembers of open uploads, as at sign-out; they stay open at the broker. */
  forget(): void;
}

// ---------------------------------------------------------------- what the engine is given

export interface TransportRequest {
  method: string;
  url: string;
  headers: Record<string, string>;
  body: Blob;
  signal: AbortSignal;
  /** Bytes of this request that have left so far. */
  onProgress(sent: number): void;
}
export interface TransportAnswer { status: number; header(name: string): string | null; s3Code?: string | null }

/** Sends one request to S3. Rejects with `TransportError` when there is no answer; any status is an answer. */
export interface Transport {
  send(request: TransportRequest): Promise<TransportAnswer>;
  /** False when `onProgress` comes at the end only: the watchdog is then more patient. */
  readonly reportsProgress: boolean;
}

/** What is kept of an open multipart upload, to find it after a reload. */
export interface Remembered {
  id: string;
  bucket: string;
  key: string;
  name: string;
  size: number;
  fingerprint: string;
  /** RFC 3339, by the broker's clock. */
  createdAt: string;
}
/** Never throws: a store that is blocked or full remembers nothing. */
export interface UploadStore {
  list(): Remembered[];
  put(entry: Remembered): void;
  remove(id: string): void;
}

/** The part of `navigator.locks` the engine needs. */
export interface Locks {
  request(
    name: string,
    options: { ifAvailable?: boolean; signal?: AbortSignal },
    callback: (lock: unknown) => Promise<void>,
  ): Promise<unknown>;
}

/** Whether this device has a network at all. */
export interface Online {
  isOnline(): boolean;
  /** Calls back whenever the network comes back. The answer ends that. */
  onOnline(listener: () => void): () => void;
}

export type TimerHandle = unknown;

export interface EngineOptions {
  /** Files sent at once. */
  concurrentFiles: number;
  /** Requests to S3 in flight, over all files. */
  concurrentParts: number;
  /** Part URLs signed at a time. */
  windowSize: number;
  /** Files per create request, at most 100. */
  batchFiles: number;
  /** A create request takes no more files past this many bytes, so that URLs do not age in the queue. */
  batchBytes: number;
  /** Smaller files are not fingerprinted: they fit one part, so there is nothing to resume. Bytes. */
  fingerprintFrom: number;
  /** Tries for an S3 that never answered this engine; most often its CORS rules. Afterwards `patience` counts. */
  retries: number;
  /** Milliseconds that one fault may last, at the broker or at S3; time offline does not count. */
  patience: number;
  /** First and longest wait between tries, in milliseconds. */
  backoffBase: number;
  backoffCap: number;
  /** Milliseconds without a byte moving before a request to S3 is given up and repeated. */
  stall: number;
  /** Milliseconds one call to the broker may take. */
  brokerDeadline: number;
  /** Milliseconds before its end at which a signed URL counts as expired. */
  expiryMargin: number;
  /** How often an upload that S3 forgot is started anew by itself. */
  restarts: number;
  /** Least milliseconds between two notifications. */
  notifyEvery: number;
}

export interface EngineParts {
  broker: BrokerApi;
  transport: Transport;
  store: UploadStore;
  /** SHA-256; null where there is none (insecure contexts): then nothing is resumed after a reload. */
  hash: ((bytes: Uint8Array<ArrayBuffer>) => Promise<ArrayBuffer>) | null;
  /** Monotonic milliseconds, as `performance.now`. */
  clock: () => number;
  /** At least 0, below 1, as `Math.random`. */
  random: () => number;
  setTimer: (callback: () => void, milliseconds: number) => TimerHandle;
  clearTimer: (handle: TimerHandle) => void;
  locks?: Locks | null;
  /** Without it the device counts as online. */
  online?: Online;
  options?: Partial<EngineOptions>;
}
