/** What travels between the client and the broker: snake_case, as in its HTTP contract. Sizes are bytes, times RFC 3339. */

export type Action =
  | "list" | "read" | "write" | "delete" | "share"
  | "bucket:create" | "bucket:delete" | "bucket:configure" | "bucket:list";

/** One item of a batch that was refused; its neighbours are not affected. */
export interface ItemError { code: string; status: number; detail: string }

export type IfExists = "fail" | "replace";

/** Public: what a client needs to know before anyone signs in. */
export interface Config {
  version: string;
  sign_in: { local: boolean; issuers: unknown[] };
  /** `write_once`: an upload with `if_exists: "fail"` never overwrites, whichever way it is sent. */
  features: { strategies: string[]; write_once: boolean };
}

export interface Grant {
  bucket: string;
  prefix: string;
  actions: Action[];
  max_size: number | null;
  types: string[];
  /** Seconds. */
  max_expiry: number | null;
  overwrite: boolean;
}

export interface Me {
  sub: string;
  issuer: string;
  roles: string[];
  grants: Grant[];
  /** Seconds. */
  limits: { default_expiry: number; max_expiry: number };
  server_time: string;
}

export interface Session { access_token: string; token_type: string; expires_in: number }

export interface Root { prefix: string; actions: Action[] }
export interface Bucket { name: string; roots: Root[] }

export interface FileRequest {
  client_id: string;
  name: string;
  size: number;
  type: string;
  fingerprint?: string;
  if_exists?: IfExists;
}

export interface CreateRequest {
  profile?: string;
  bucket?: string;
  prefix?: string;
  files: FileRequest[];
}

/** How to send bytes: exactly these headers, exactly `size` bytes, before `expires_at`. */
export interface SignedPut {
  url: string;
  method: string;
  headers: Record<string, string>;
  size: number;
  expires_at: string;
}
export type PutTarget = SignedPut;
export interface PartTarget extends SignedPut { part_number: number }
export interface MultipartTarget { part_size: number; part_count: number; parts: PartTarget[] }

interface CreatedBase {
  client_id: string;
  id: string;
  bucket: string;
  key: string;
  state: "pending";
  expires_at: string;
}
export interface CreatedPut extends CreatedBase { strategy: "put"; target: PutTarget }
export interface CreatedMultipart extends CreatedBase { strategy: "multipart"; target: MultipartTarget }
export type Created = CreatedPut | CreatedMultipart;
export interface CreateRefused { client_id: string; error: ItemError }
/** `server_time` is null where every item was refused. */
export interface CreateAnswer { server_time: string | null; uploads: (Created | CreateRefused)[] }

/** An upload that waits for its remaining parts, as its owner sees it on any device. */
export interface OpenUpload {
  id: string;
  bucket: string;
  key: string;
  size: number;
  type: string;
  fingerprint: string | null;
  part_size: number;
  part_count: number;
  created_at: string;
  expires_at: string;
}
/** `complete` is false when there are more than the broker lists. */
export interface OpenUploads { server_time: string; uploads: OpenUpload[]; complete: boolean }

export interface PartState { part_number: number; size: number; etag: string }
export interface UploadStatus {
  state: "pending" | "complete" | "aborted" | "expired";
  bucket: string;
  key: string;
  size: number;
  type: string;
  fingerprint: string | null;
  part_size: number | null;
  part_count: number | null;
  parts: PartState[];
}

export interface FreshTarget { server_time: string; target: PutTarget }
export interface SignedParts { server_time: string; parts: PartTarget[] }

export interface StoredObject {
  bucket: string;
  key: string;
  size: number;
  type: string;
  etag: string;
  version_id: string | null;
}
export interface Completed { state: "complete"; object: StoredObject }
export type CompletedItem = { id: string; state: "complete"; object: StoredObject } | { id: string; error: ItemError };
export interface CompletedItems { uploads: CompletedItem[] }

export interface DownloadRequest {
  items: { bucket: string; key: string; version_id?: string }[];
  disposition?: "inline" | "attachment";
  filename?: string;
  /** Seconds. */
  expires_in?: number;
}
export type Download =
  | { bucket: string; key: string; url: string; expires_at: string }
  | { bucket: string; key: string; error: ItemError };
export interface Downloads { downloads: Download[] }

export interface ListRequest {
  bucket: string;
  prefix?: string;
  delimiter?: string;
  cursor?: string;
  limit?: number;
}
export interface ObjectRow {
  key: string;
  size: number;
  etag: string;
  last_modified: string;
  storage_class: string | null;
  url?: string;
}
/** `complete` is false while `cursor` leads to more. */
export interface ObjectsPage {
  objects: ObjectRow[];
  prefixes: string[];
  cursor: string | null;
  complete: boolean;
}

export interface Metadata {
  bucket: string;
  key: string;
  size: number;
  type: string;
  etag: string;
  last_modified: string;
  version_id: string | null;
  cache_control: string | null;
  storage_class: string | null;
  metadata: Record<string, string>;
}

export interface Deleted { results: { key: string; error?: ItemError }[] }

/** Every call takes a signal that aborts it, and a deadline in milliseconds (30,000 unless told). */
export interface CallOptions { signal?: AbortSignal; deadline?: number }

/**
 * One method per operation. Items of a batch succeed or fail alone, also when all of them fail.
 * Rejects with `BrokerError` (the broker answered no) or
 * `TransportError` (it did not answer). `Broker` in `broker.js` is the one over HTTP.
 */
export interface BrokerApi {
  config(call?: CallOptions): Promise<Config>;
  me(call?: CallOptions): Promise<Me>;
  signIn(credentials: { username: string; password: string }, call?: CallOptions): Promise<Session>;
  renew(call?: CallOptions): Promise<Session>;
  signOut(call?: CallOptions): Promise<void>;
  listBuckets(call?: CallOptions): Promise<{ buckets: Bucket[] }>;
  createUploads(request: CreateRequest, call?: CallOptions): Promise<CreateAnswer>;
  listUploads(place: { bucket: string; prefix?: string }, call?: CallOptions): Promise<OpenUploads>;
  getUpload(id: string, call?: CallOptions): Promise<UploadStatus>;
  freshTarget(id: string, call?: CallOptions): Promise<FreshTarget>;
  signParts(id: string, parts: { part_number: number }[], call?: CallOptions): Promise<SignedParts>;
  completeUpload(id: string, body?: Record<string, unknown>, call?: CallOptions): Promise<Completed>;
  completeUploads(ids: string[], call?: CallOptions): Promise<CompletedItems>;
  abortUpload(id: string, call?: CallOptions): Promise<void>;
  createDownloads(request: DownloadRequest, call?: CallOptions): Promise<Downloads>;
  listObjects(request: ListRequest, call?: CallOptions): Promise<ObjectsPage>;
  getMetadata(place: { bucket: string; key: string }, call?: CallOptions): Promise<Metadata>;
  deleteObjects(request: { bucket: string; keys: string[] }, call?: CallOptions): Promise<Deleted>;
}

/** The part of `fetch` the broker needs. */
export type FetchLike = (url: string, init: {
  method: string;
  headers: Record<string, string>;
  body?: string;
  credentials: "same-origin";
  cache: "no-store";
  signal: AbortSignal;
}) => Promise<{
  status: number;
  headers: { get(name: string): string | null };
  text(): Promise<string>;
}>;
