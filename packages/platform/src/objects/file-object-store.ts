/** Objects as files, content and footer in each, for one process with an exclusively locked data directory. */
import { type FileHandle, open, stat } from "node:fs/promises";
import { isPssrError, PssrError } from "@pssr/api";
import type { Abortable } from "../abortable.js";
import { DurableFiles } from "../files/durable-files.js";
import { errorCode, toStorageError } from "../files/storage-error.js";
import { abortableBody } from "./abortable-body.js";
import {
  ContentCheck,
  corruptObject,
  FooterMaker,
  footerBytes,
  type ObjectFooter,
  otherContent,
  readObjectFooter,
} from "./object-footer.js";
import { checkObjectKey, checkObjectPrefix } from "./object-key.js";
import type { ListObjectsOptions, ObjectEntry, ObjectStat, ObjectStore } from "./object-store.js";

const chunkBytes = 256 * 1024;
const notAsWritten = "its content is not what was written";

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
    const maker = new FooterMaker();
    let size = 0;
    let digest = "";
    try {
      const created = await this.files.write(key, "create", async (file) => {
        for await (const chunk of body instanceof Uint8Array ? [body] : abortableBody(body, signal)) {
          maker.update(chunk);
          size += chunk.length;
          await file.writeFile(chunk);
        }
        const { footer, sha256 } = maker.finish();
        digest = sha256;
        await file.writeFile(footer);
        signal?.throwIfAborted();
      });
      const present = await this.stat(key);
      if (present === undefined) throw new PssrError("NOT_FOUND", `object ${key} was deleted while it was written`);
      if (!created && present.sha256 !== digest) throw otherContent(key, present.size, size);
      return present;
    } catch (error) {
      throw toStorageError(error, this.files.root);
    }
  }

  async *get(key: string, { signal }: Abortable = {}): AsyncGenerator<Uint8Array> {
    checkObjectKey(key);
    const file = await this.#open(key, signal);
    try {
      const { size, footer } = await readFooter(file, key);
      const check = new ContentCheck(footer);
      for (let offset = 0; offset < size; ) {
        signal?.throwIfAborted();
        const chunk = await readFully(file, key, offset, Math.min(chunkBytes, size - offset));
        check.update(chunk);
        offset += chunk.length;
        // The last chunk is held back until all of it is known to be right.
        if (offset < size || check.matches()) yield chunk;
        else throw corruptObject(key, notAsWritten);
      }
    } finally {
      await file.close();
    }
  }

  async getBytes(key: string, limit: number, { signal }: Abortable = {}): Promise<Uint8Array> {
    checkObjectKey(key);
    const file = await this.#open(key, signal);
    try {
      const { size, footer } = await readFooter(file, key);
      if (size > limit) {
        throw new PssrError("LIMIT_EXCEEDED", `object ${key} has ${size} bytes; at most ${limit} are taken here`);
      }
      const bytes = await readFully(file, key, 0, size);
      signal?.throwIfAborted();
      const check = new ContentCheck(footer);
      check.update(bytes);
      if (!check.matches()) throw corruptObject(key, notAsWritten);
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
      const { size, modifiedMs, footer } = await readFooter(file, key);
      return { key, size, modifiedMs, sha256: footer.sha256 };
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
): Promise<{ size: number; modifiedMs: number; footer: ObjectFooter }> {
  const { size, mtimeMs } = await file.stat();
  if (size < footerBytes) throw corruptObject(key, `its file has ${size} bytes, fewer than the footer`);
  const footer = readObjectFooter(await readFully(file, key, size - footerBytes, footerBytes), key);
  return { size: size - footerBytes, modifiedMs: mtimeMs, footer };
}

async function readFully(file: FileHandle, key: string, offset: number, length: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  for (let read = 0; read < length; ) {
    const { bytesRead } = await file.read(bytes, read, length - read, offset + read);
    if (bytesRead === 0) throw corruptObject(key, "its file ended early");
    read += bytesRead;
  }
  return bytes;
}
