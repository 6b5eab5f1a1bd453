/**
 * Records as files, one per key, for one process with an exclusively locked data directory. Which keys exist, at which
 * revision, is held in memory and read once at the start; the values stay on the disk. Writes go one after the other, so
 * revisions, files and watchers all see one order.
 */
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { readFile } from "node:fs/promises";
import type { Abortable } from "../abortable.js";
import { DurableFiles } from "../files/durable-files.js";
import { errorCode, toStorageError } from "../files/storage-error.js";
import { decodeStateFile, encodeStateFile, stateFileHeaderBytes } from "./state-file.js";
import { checkListLimit, checkStateKey, checkStatePrefix, checkStateValue, revisionConflict } from "./state-key.js";
import type { ListStateOptions, Revision, StateChange, StateEntry, StateStore } from "./state-store.js";
import { WatchedKeys } from "./watched-keys.js";

const highWaterKey = "high-water";
/** Revisions are reserved on the disk in blocks of this size, so a restart never hands one out twice. */
const reservedRevisions = 1024n;

/** How often a record is read that is not the one we know: more than once if it was written meanwhile, always if others did. */
const maximumTries = 10;

export class FileStateStore implements StateStore {
  readonly #keys = new WatchedKeys((key, options) => this.get(key, options));
  #last: Revision = 0n;
  #reserved: Revision = 0n;
  #writes: Promise<unknown> = Promise.resolve();
  #underWay: { key: string; settled: Promise<void> } | undefined;

  private constructor(
    private readonly entries: DurableFiles,
    private readonly meta: DurableFiles,
  ) {}

  /** Opens a folder of the data directory; the caller holds that directory's lock. OBJECT_CORRUPT names a damaged file. */
  static async open(directory: string, { signal }: Abortable = {}): Promise<FileStateStore> {
    const store = new FileStateStore(
      await DurableFiles.open(`${directory}/entries`),
      await DurableFiles.open(`${directory}/meta`),
    );
    await store.#load(signal);
    return store;
  }

  async #load(signal: AbortSignal | undefined): Promise<void> {
    const header = new Uint8Array(stateFileHeaderBytes);
    for await (const key of this.entries.keys("", undefined, signal)) {
      // Synchronous, as nothing else runs yet: five times faster for thousands of small files.
      const file = openSync(this.entries.path(key), "r");
      try {
        const bytesRead = readSync(file, header, 0, header.length, 0);
        const { size } = fstatSync(file);
        const { revision } = decodeStateFile(header.subarray(0, bytesRead), size, this.entries.path(key));
        this.#keys.note(key, revision);
        if (revision > this.#last) this.#last = revision;
      } finally {
        closeSync(file);
      }
    }
    try {
      const path = this.meta.path(highWaterKey);
      const { revision } = decodeStateFile(await readFile(path), stateFileHeaderBytes, path);
      if (revision > this.#last) this.#last = revision;
    } catch (error) {
      if (errorCode(error) !== "ENOENT") throw error;
    }
    this.#reserved = this.#last;
    // What is read from now on is acted upon, so it must not go away again.
    await this.entries.settle(this.#keys.all(""));
  }

  async get(key: string, { signal }: Abortable = {}): Promise<StateEntry | undefined> {
    checkStateKey(key);
    for (let tries = 1; ; tries++) {
      const entry = await this.#read(key, signal);
      if ((entry?.revision ?? 0n) === this.#keys.revision(key) || tries === maximumTries) return entry;
      // Its write is under way, and may still fail and be undone: nobody sees it before it is on the disk.
      if (this.#underWay?.key === key) await this.#underWay.settled;
    }
  }

  async #read(key: string, signal?: AbortSignal): Promise<StateEntry | undefined> {
    signal?.throwIfAborted();
    try {
      const path = this.entries.path(key);
      const bytes = await readFile(path, { signal });
      return { key, ...decodeStateFile(bytes, bytes.length, path) };
    } catch (error) {
      if (errorCode(error) === "ENOENT") return undefined;
      signal?.throwIfAborted();
      throw toStorageError(error, this.entries.root);
    }
  }

  async put(key: string, value: Uint8Array, revision: Revision, { signal }: Abortable = {}): Promise<Revision> {
    checkStateKey(key);
    checkStateValue(key, value);
    return this.#write(key, signal, async () => {
      this.#expect(key, revision);
      const next = await this.#nextRevision();
      const bytes = encodeStateFile(next, value);
      try {
        await this.entries.write(key, "replace", async (file) => file.writeFile(bytes));
      } catch (error) {
        this.#note(key, await this.#present(key), next);
        throw error;
      }
      this.#note(key, next, next);
      return next;
    });
  }

  async delete(key: string, revision: Revision, { signal }: Abortable = {}): Promise<void> {
    checkStateKey(key);
    await this.#write(key, signal, async () => {
      this.#expect(key, revision);
      const next = await this.#nextRevision();
      try {
        await this.entries.remove(key);
      } catch (error) {
        this.#note(key, await this.#present(key), next);
        throw error;
      }
      this.#note(key, 0n, next);
    });
  }

  /** What the disk holds after a failed write, which may have happened where it could not be undone. */
  async #present(key: string): Promise<Revision> {
    return (await this.#read(key))?.revision ?? 0n;
  }

  /** Takes what the disk holds now, and tells watchers. */
  #note(key: string, present: Revision, written: Revision): void {
    if (present === this.#keys.revision(key)) return;
    this.#keys.note(key, present);
    this.#keys.tell({ type: present === 0n ? "delete" : "put", key, revision: written });
  }

  async list(prefix: string, { after, limit, signal }: ListStateOptions): Promise<StateEntry[]> {
    checkStatePrefix(prefix);
    checkListLimit(limit);
    return this.#keys.list(prefix, after ?? "", limit, { signal });
  }

  watch(prefix: string, { signal }: Abortable = {}): AsyncIterable<StateChange> {
    checkStatePrefix(prefix);
    return this.#keys.watch(prefix, { signal });
  }

  #expect(key: string, revision: Revision): void {
    const present = this.#keys.revision(key);
    if (present === revision) return;
    throw revisionConflict(key, revision, present);
  }

  async #nextRevision(): Promise<Revision> {
    if (this.#last >= this.#reserved) {
      const reserved = this.#last + reservedRevisions;
      await this.meta.write(highWaterKey, "replace", async (file) =>
        file.writeFile(encodeStateFile(reserved, new Uint8Array())),
      );
      this.#reserved = reserved;
    }
    this.#last += 1n;
    return this.#last;
  }

  async #write<T>(key: string, signal: AbortSignal | undefined, action: () => Promise<T>): Promise<T> {
    const turn = this.#writes.then(async () => {
      signal?.throwIfAborted();
      const step = action();
      const settled = step.then(
        () => undefined,
        () => undefined, // the caller has the error
      );
      this.#underWay = { key, settled };
      try {
        return await step;
      } finally {
        this.#underWay = undefined;
      }
    });
    this.#writes = turn.catch(() => undefined); // the caller has the error; the next writer must not
    try {
      return await turn;
    } catch (error) {
      throw toStorageError(error, this.entries.root);
    }
  }
}
