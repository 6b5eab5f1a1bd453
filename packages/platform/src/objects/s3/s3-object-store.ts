/**
 * Objects in a bucket of any S3 server, content and footer in each. Where the server knows conditional writes, of two writers
 * of one key one wins; where it does not, we look before we write, and two who write other bytes to one key in the same
 * moment may both be told that theirs are kept (our keys name the attempt that writes, so that takes a fault of ours).
 */
import { setTimeout as sleep } from "node:timers/promises";
import { crc32 } from "@node-rs/crc32";
import { PssrError } from "@pssr/api";
import type { Abortable } from "../../abortable.js";
import { corruptObject, footerBytes, otherContent, readObjectFooter } from "../object-footer.js";
import { checkObjectKey, checkObjectPrefix, isObjectKey } from "../object-key.js";
import type { ListObjectsOptions, ObjectEntry, ObjectStat, ObjectStore } from "../object-store.js";
import { ensureBucket, listNames } from "./bucket.js";
import { isProbeName, probeConditionalWrites, probePrefix, type WriteHeaders } from "./conditional-writes.js";
import { S3Connection } from "./s3-connection.js";
import { Download } from "./s3-download.js";
import type { S3Config } from "./s3-settings.js";
import { upload } from "./s3-upload.js";

/**
 * Ends the name of every object. It sorts before all characters of keys, so names have the order of keys; and with it no name
 * is the beginning of another name's folders: some servers keep objects as files, and could not hold both `a` and `a/b`.
 */
const nameEnd = "!";
const deletesAtOnce = 16;
const shownAfterMs = [20, 50, 100, 200, 400];

export class S3ObjectStore implements ObjectStore {
  private constructor(
    private readonly connection: S3Connection,
    private readonly prefix: string,
    private readonly headers: WriteHeaders,
  ) {}

  /**
   * Makes the bucket if it is not there, and learns what the server can. INVALID_CONFIGURATION where it refuses the account,
   * the bucket or the region; UNAVAILABLE where for `s3Wait` it cannot be reached or answers that it cannot serve anybody.
   */
  static async open(config: S3Config, { signal }: Abortable = {}): Promise<S3ObjectStore> {
    const connection = await S3Connection.create(config);
    const prefix = config.s3Prefix === undefined ? "" : `${config.s3Prefix}/`;
    try {
      await ensureBucket(connection, prefix, signal);
      const headers = await probeConditionalWrites(connection, prefix, { signal });
      connection.opened();
      return new S3ObjectStore(connection, prefix, headers);
    } catch (error) {
      connection.close();
      throw error;
    }
  }

  /** Ends all connections. */
  close(): void {
    this.connection.close();
  }

  async put(
    key: string,
    body: Uint8Array | AsyncIterable<Uint8Array>,
    { signal }: Abortable = {},
  ): Promise<ObjectStat> {
    checkObjectKey(key);
    const { isConditional } = this.headers;
    const { sha256, size } = await upload(this.connection, this.#name(key), body, {
      what: `object ${key}`,
      headers: this.headers,
      isTaken: async (stop) => !isConditional && (await this.stat(key, { signal: stop })) !== undefined,
      signal,
    });
    const present = await this.#statWritten(key, signal);
    if (present === undefined) {
      throw new PssrError("UNAVAILABLE", `object ${key} was deleted while it was written; try again`);
    }
    if (present.sha256 !== sha256) throw otherContent(key, present.size, size);
    return present;
  }

  get(key: string, { signal }: Abortable = {}): AsyncGenerator<Uint8Array> {
    return checkedContent(() => this.#openWhole(key, signal), key);
  }

  async getBytes(key: string, limit: number, { signal }: Abortable = {}): Promise<Uint8Array> {
    const download = await this.#openWhole(key, signal);
    const size = download.total - footerBytes;
    if (size > limit) {
      download.discard();
      throw new PssrError("LIMIT_EXCEEDED", `object ${key} has ${size} bytes; at most ${limit} are taken here`);
    }
    // Not zeroed first: it is filled to the end, or an error is thrown.
    const bytes = new Uint8Array(Buffer.allocUnsafeSlow(Math.max(0, size)).buffer);
    let at = 0;
    for await (const chunk of checkedContent(async () => download, key)) {
      bytes.set(chunk, at);
      at += chunk.length;
    }
    return bytes;
  }

  async range(key: string, start: number, length: number, { signal }: Abortable = {}): Promise<Uint8Array> {
    checkObjectKey(key);
    if (!Number.isSafeInteger(start) || !Number.isSafeInteger(length) || start < 0 || length < 0) {
      throw new PssrError("INVALID_FIELD", `range ${start}+${length} of ${key}: both must be whole numbers from 0 on`);
    }
    if (length === 0) {
      if ((await this.stat(key, { signal })) === undefined) throw notFound(key);
      return new Uint8Array();
    }
    const download = await this.#open(key, `bytes=${start}-${start + length - 1}`, signal);
    if (download === "beyond") return new Uint8Array();
    const size = download.total - footerBytes;
    if (size < 0) {
      download.discard();
      throw corruptObject(key, "it is shorter than its footer");
    }
    const bytes = new Uint8Array(Math.max(0, Math.min(length, size - start)));
    let at = 0;
    for await (const batch of download.batches()) {
      for (const chunk of batch) {
        bytes.set(chunk.subarray(0, bytes.length - at), at);
        at += Math.min(chunk.length, bytes.length - at);
      }
    }
    return bytes;
  }

  async stat(key: string, { signal }: Abortable = {}): Promise<ObjectStat | undefined> {
    checkObjectKey(key);
    const what = `object ${key}`;
    const range = `bytes=-${footerBytes}`;
    const download = await Download.open(this.connection, this.#name(key), { what, range, signal });
    if (download === undefined) return undefined;
    if (download === "beyond") throw corruptObject(key, "it is empty");
    const { total, modifiedMs } = download;
    const footer: Buffer[] = [];
    for await (const batch of download.batches()) footer.push(...batch);
    const { sha256 } = readObjectFooter(Buffer.concat(footer), key);
    return { key, size: total - footerBytes, modifiedMs, sha256 };
  }

  async *list(prefix: string, { after, signal }: ListObjectsOptions = {}): AsyncGenerator<ObjectEntry> {
    checkObjectPrefix(prefix);
    for await (const page of this.#pages(prefix, after, signal)) yield* page;
  }

  async delete(key: string, { signal }: Abortable = {}): Promise<void> {
    checkObjectKey(key);
    await this.#remove(this.#name(key), `object ${key}`, signal);
  }

  async deletePrefix(prefix: string, { signal }: Abortable = {}): Promise<void> {
    checkObjectPrefix(prefix);
    if (!prefix.endsWith("/")) {
      throw new PssrError("INVALID_FIELD", `${JSON.stringify(prefix)} must end in "/" to be deleted whole`, {
        field: "prefix",
      });
    }
    for await (const page of this.#pages(prefix, undefined, signal)) {
      while (page.length > 0) {
        await Promise.all(page.splice(0, deletesAtOnce).map(({ key }) => this.delete(key, { signal })));
      }
    }
  }

  /**
   * Ends uploads that began more than this long ago and whose process is gone, and removes what else a crash left that no
   * key names. Their parts take room that nobody sees. Others may keep theirs in the bucket: those stay. Resolves with how
   * many there were.
   */
  async removeStaleUploads(olderThanMs: number, { signal }: Abortable = {}): Promise<number> {
    const before = Date.now() - olderThanMs;
    const ended = new Set<string>();
    for (let marker = "", isLast = false; !isLast; ) {
      const found = await this.connection.call({ what: "list unfinished uploads", signal }, (client, bucket) =>
        client.listIncompleteUploadsQuery(bucket, this.prefix, marker, "", ""),
      );
      const stale = found.uploads.filter(
        ({ key, uploadId, initiated }) => initiated.getTime() <= before && this.#isOurs(key) && !ended.has(uploadId),
      );
      for (const { uploadId } of stale) ended.add(uploadId);
      // A key may have more uploads than a page holds, and the next page begins behind the key (of the marker for an upload
      // within a key our client tells nothing). So a page is asked for again until there is nothing left on it to be ended.
      if (stale.length === 0) marker = found.nextKeyMarker;
      isLast = !found.isTruncated; // then all there are were on it
      while (stale.length > 0) {
        await Promise.all(stale.splice(0, deletesAtOnce).map((one) => this.#endUpload(one, signal)));
      }
    }
    let probes = 0;
    for await (const page of listNames(this.connection, this.prefix + probePrefix, "", signal)) {
      for (const { name, modifiedMs } of page) {
        if (modifiedMs > before || !this.#isOurs(name)) continue;
        await this.#remove(name, "a probe object", signal);
        probes++;
      }
    }
    return ended.size + probes;
  }

  async #endUpload({ key, uploadId }: { key: string; uploadId: string }, signal: AbortSignal | undefined) {
    await this.connection.call(
      { what: `end an unfinished upload of ${key}`, answers: { 404: "absent" } as const, signal },
      (client, bucket) => client.abortMultipartUpload(bucket, key, uploadId),
    );
  }

  /** Whether a name under our prefix is one that we give: an object's or a probe's. */
  #isOurs(name: string): boolean {
    const own = name.slice(this.prefix.length);
    return (own.endsWith(nameEnd) && isObjectKey(own.slice(0, -nameEnd.length))) || isProbeName(own);
  }

  async *#pages(
    prefix: string,
    after: string | undefined,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<ObjectEntry[]> {
    const start = after === undefined ? "" : this.#name(after);
    for await (const page of listNames(this.connection, this.prefix + prefix, start, signal)) {
      const entries: ObjectEntry[] = [];
      for (const { name, size, modifiedMs } of page) {
        const key = name.slice(this.prefix.length, -nameEnd.length);
        // Others may keep theirs in the bucket.
        const isOurs = name.endsWith(nameEnd) && isObjectKey(key);
        if (isOurs) entries.push({ key, size: Math.max(0, size - footerBytes), modifiedMs });
      }
      yield entries;
    }
  }

  async #remove(name: string, what: string, signal: AbortSignal | undefined): Promise<void> {
    await this.connection.call(
      { what: `delete ${what}`, answers: { 404: "absent" } as const, signal },
      (client, bucket) => client.removeObject(bucket, name),
    );
  }

  /** A server may refuse a second writer a moment before it shows what the first has written. */
  async #statWritten(key: string, signal: AbortSignal | undefined): Promise<ObjectStat | undefined> {
    for (const pauseMs of shownAfterMs) {
      const present = await this.stat(key, { signal });
      if (present !== undefined) return present;
      await sleep(pauseMs, undefined, { signal });
    }
    return this.stat(key, { signal });
  }

  async #openWhole(key: string, signal: AbortSignal | undefined): Promise<Download> {
    checkObjectKey(key);
    const download = await this.#open(key, undefined, signal);
    if (download === "beyond") throw corruptObject(key, "it is empty");
    return download;
  }

  async #open(key: string, range: string | undefined, signal: AbortSignal | undefined): Promise<Download | "beyond"> {
    const options = { what: `object ${key}`, signal, ...(range === undefined ? {} : { range }) };
    const download = await Download.open(this.connection, this.#name(key), options);
    if (download === undefined) throw notFound(key);
    return download;
  }

  #name(key: string): string {
    return this.prefix + key + nameEnd;
  }
}

/** The content alone, without the footer; the last of it is held back until all is known to be right. */
async function* checkedContent(open: () => Promise<Download>, key: string): AsyncGenerator<Uint8Array> {
  const download = await open();
  const size = download.total - footerBytes;
  let check = 0;
  const footer: Uint8Array[] = [];
  let held: Uint8Array | undefined;
  let at = 0;
  for await (const batch of download.batches()) {
    for (const { buffer, byteOffset, length } of batch) {
      const content = Math.max(0, Math.min(length, size - at));
      if (content > 0) {
        if (held !== undefined) yield held;
        held = new Uint8Array(buffer, byteOffset, content);
        check = crc32(held, check);
      }
      if (content < length) footer.push(new Uint8Array(buffer, byteOffset + content, length - content));
      at += length;
    }
  }
  if (readObjectFooter(Buffer.concat(footer), key).crc32 !== check) {
    throw corruptObject(key, "its content is not what was written");
  }
  if (held !== undefined) yield held;
}

function notFound(key: string): PssrError {
  return new PssrError("NOT_FOUND", `there is no object ${key}`);
}
