/**
 * Objects as files, for one process with an exclusively locked data directory. A file is the content followed by a footer of
 * 40 bytes (SHA-256, then a magic), so content and digest become visible in one step and a cut-off file is recognised.
 */
import { createHash } from "node:crypto";
import { type FileHandle, open, stat } from "node:fs/promises";
import { isPssrError, PssrError } from "@pssr/api";
import type { Abortable } from "../abortable.js";
import { DurableFiles } from "../files/durable-files.js";
import { errorCode, toStorageError } from "../files/storage-error.js";
import { checkObjectKey, checkObjectPrefix } from "./object-key.js";
import type { ListObjectsOptions, ObjectEntry, ObjectStat, ObjectStore } from "./object-store.js";

const magic = Buffer.from("pssrobj1", "latin1");
const digestBytes = 32;
const footerBytes = digestBytes + magic.length;
const chunkBytes = 256 * 1024;

export class FileObjectStore implements ObjectStore {
  private constructor(private readonly files: DurableFiles) {}

  /** Opens a folder of the data directory; the caller holds that directory's lock. */
  static async open(directory: string, { signal }: Abortable = {}): Promise<FileObjectStore> {
    signal?.throwIfAborted();
    return new FileObjectStore(await DurableFiles.open(directory));
  }

  async put(
    key: string,
    body: Uint8Array | AsyncIterable<Uint8Array>,
    { signal }: Abortable = {},
  ): Promise<ObjectStat> {
    checkObjectKey(key);
    signal?.throwIfAborted();
    const hash = createHash("sha256");
    let size = 0;
    let digest = "";
    try {
      const created = await this.files.write(key, "create", async (file) => {
        for await (const chunk of body instanceof Uint8Array ? [body] : abortable(body, signal)) {
          hash.update(chunk);
          size += chunk.length;
          await file.writeFile(chunk);
        }
        const sha256 = hash.digest();
        digest = sha256.toString("hex");
        await file.writeFile(Buffer.concat([sha256, magic]));
        signal?.throwIfAborted();
      });
      const present = await this.stat(key);
      if (present === undefined) throw new PssrError("NOT_FOUND", `object ${key} was deleted while it was written`);
      if (!created && present.sha256 !== digest) {
        throw new PssrError(
          "ALREADY_EXISTS",
          `object ${key} exists with other content (${present.size} bytes, not ${size}); objects are write-once: use another key`,
        );
      }
      return present;
    } catch (error) {
      throw toStorageError(error, this.files.root);
    }
  }

  async *get(key: string, { signal }: Abortable = {}): AsyncGenerator<Uint8Array> {
    checkObjectKey(key);
    const file = await this.#open(key, signal);
    try {
      const { size, sha256 } = await readFooter(file, key);
      const hash = createHash("sha256");
      for (let offset = 0; offset < size; ) {
        signal?.throwIfAborted();
        const chunk = await readFully(file, key, offset, Math.min(chunkBytes, size - offset));
        hash.update(chunk);
        offset += chunk.length;
        // The last chunk is held back until the digest is known to be right.
        if (offset < size) yield chunk;
        else if (hash.digest("hex") === sha256) yield chunk;
        else throw corrupt(key, "its content does not match its SHA-256");
      }
    } finally {
      await file.close();
    }
  }

  async getBytes(key: string, limit: number, { signal }: Abortable = {}): Promise<Uint8Array> {
    checkObjectKey(key);
    const file = await this.#open(key, signal);
    try {
      const { size, sha256 } = await readFooter(file, key);
      if (size > limit) {
        throw new PssrError("LIMIT_EXCEEDED", `object ${key} has ${size} bytes; at most ${limit} are taken here`);
      }
      const bytes = await readFully(file, key, 0, size);
      signal?.throwIfAborted();
      if (createHash("sha256").update(bytes).digest("hex") !== sha256) {
        throw corrupt(key, "its content does not match its SHA-256");
      }
      return bytes;
    } finally {
      await file.close();
    }
  }

  async range(key: string, start: number, length: number, { signal }: Abortable = {}): Promise<Uint8Array> {
    checkObjectKey(key);
    if (!Number.isSafeInteger(start) || !Number.isSafeInteger(length) || start < 0 || length < 0) {
      throw new PssrError("INVALID_FIELD", `range ${start}+${length} of ${key}: both must be whole numbers from 0 on`);
    }
    const file = await this.#open(key, signal);
    try {
      const { size } = await readFooter(file, key);
      return await readFully(file, key, Math.min(start, size), Math.max(0, Math.min(length, size - start)));
    } finally {
      await file.close();
    }
  }

  async stat(key: string, { signal }: Abortable = {}): Promise<ObjectStat | undefined> {
    checkObjectKey(key);
    let file: FileHandle;
    try {
      file = await this.#open(key, signal);
    } catch (error) {
      if (isPssrError(error, "NOT_FOUND")) return undefined;
      throw error;
    }
    try {
      return { key, ...(await readFooter(file, key)) };
    } finally {
      await file.close();
    }
  }

  async *list(prefix: string, { after, signal }: ListObjectsOptions = {}): AsyncGenerator<ObjectEntry> {
    checkObjectPrefix(prefix);
    for await (const key of this.files.keys(prefix, after, signal)) {
      let found: { size: number; mtimeMs: number };
      try {
        found = await stat(this.files.path(key));
      } catch (error) {
        if (errorCode(error) === "ENOENT") continue; // deleted while we walked
        throw error;
      }
      yield { key, size: Math.max(0, found.size - footerBytes), modifiedMs: found.mtimeMs };
    }
  }

  async delete(key: string, { signal }: Abortable = {}): Promise<void> {
    checkObjectKey(key);
    signal?.throwIfAborted();
    await this.files.remove(key);
  }

  async deletePrefix(prefix: string, { signal }: Abortable = {}): Promise<void> {
    checkObjectPrefix(prefix);
    if (!prefix.endsWith("/")) {
      throw new PssrError("INVALID_FIELD", `${JSON.stringify(prefix)} must end in "/" to be deleted whole`, {
        field: "prefix",
      });
    }
    for await (const key of this.files.keys(prefix, undefined, signal)) await this.delete(key, { signal });
  }

  async #open(key: string, signal: AbortSignal | undefined): Promise<FileHandle> {
    signal?.throwIfAborted();
    try {
      return await open(this.files.path(key), "r");
    } catch (error) {
      if (errorCode(error) === "ENOENT") throw new PssrError("NOT_FOUND", `there is no object ${key}`);
      throw error;
    }
  }
}

async function readFooter(
  file: FileHandle,
  key: string,
): Promise<{ size: number; modifiedMs: number; sha256: string }> {
  const { size, mtimeMs } = await file.stat();
  if (size < footerBytes) throw corrupt(key, `its file has ${size} bytes, fewer than the footer`);
  const footer = await readFully(file, key, size - footerBytes, footerBytes);
  if (!magic.equals(footer.subarray(digestBytes))) throw corrupt(key, "its file is cut off or was changed");
  const sha256 = Buffer.from(footer.subarray(0, digestBytes)).toString("hex");
  return { size: size - footerBytes, modifiedMs: mtimeMs, sha256 };
}

async function readFully(file: FileHandle, key: string, offset: number, length: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  for (let read = 0; read < length; ) {
    const { bytesRead } = await file.read(bytes, read, length - read, offset + read);
    if (bytesRead === 0) throw corrupt(key, "its file ended early");
    read += bytesRead;
  }
  return bytes;
}

function corrupt(key: string, why: string): PssrError {
  return new PssrError("OBJECT_CORRUPT", `object ${key} is damaged: ${why}; restore it from a backup or make it again`);
}

/** The items of `source`, given up as soon as the signal is aborted, even while the source is silent. */
async function* abortable(
  source: AsyncIterable<Uint8Array>,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array> {
  if (signal === undefined) {
    yield* source;
    return;
  }
  const iterator = source[Symbol.asyncIterator]();
  let stop = (): void => undefined;
  const aborted = new Promise<never>((_resolve, reject) => {
    stop = () => reject(signal.reason);
    if (signal.aborted) stop();
    else signal.addEventListener("abort", stop, { once: true });
  });
  aborted.catch(() => undefined); // reported through the race below, if anyone is still there
  let ended = false;
  try {
    for (;;) {
      const next = await Promise.race([iterator.next(), aborted]);
      if (next.done === true) {
        ended = true;
        return;
      }
      yield next.value;
    }
  } finally {
    signal.removeEventListener("abort", stop);
    // Not awaited: a source that hangs in next() would hang in return() too.
    if (!ended) iterator.return?.().catch(() => undefined);
  }
}
