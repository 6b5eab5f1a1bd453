/**
 * Files on their way in. The bytes lie as parts, write-once objects, listed in the upload's record; a part counts from the
 * moment the record names it (compare-and-set), so any instance can go on where another stopped, and of two senders one wins.
 */
import { isPssrError, newResourceId, PssrError, randomId, uploadName } from "@pssr/api";
import {
  type Abortable,
  type Clock,
  type ObjectStore,
  type RecordEntry,
  type RecordKey,
  RecordTable,
  type StateStore,
} from "@pssr/platform";
import { SeenSince } from "../seen-since.js";
import { checkDeclaration, choosePartBytes, type UploadDeclaration, type UploadRecord } from "./upload-record.js";

/** A piece of the file as it arrives. */
export interface UploadChunk {
  offset: bigint;
  data: Uint8Array;
}

export interface CreateUploadOptions extends Abortable {
  /** Chosen by the caller; "" lets the store choose. */
  uploadId: string;
  /** Makes a repeated call harmless; "" for none. */
  requestId: string;
}

type Entry = RecordEntry<UploadRecord>;

const objectsPrefix = "uploads/";
export const uploadLifetimeMs = 24 * 60 * 60 * 1000;
const maximumChunkBytes = 3 * 1024 * 1024;

export class UploadStore {
  readonly #objects: ObjectStore;
  readonly #records: RecordTable<UploadRecord>;
  readonly #maximumBytes: number;
  readonly #seen: SeenSince;

  constructor(stores: { objects: ObjectStore; state: StateStore }, maximumBytes: number, clock?: Clock) {
    this.#objects = stores.objects;
    this.#records = new RecordTable(stores.state, "uploads");
    this.#maximumBytes = maximumBytes;
    this.#seen = new SeenSince(clock);
  }

  /** Declares a file. Fails with INVALID_FIELD, IMAGE_TOO_LARGE or ALREADY_EXISTS. */
  async create(project: string, declared: UploadDeclaration, options: CreateUploadOptions): Promise<Entry> {
    const declaration = checkDeclaration(declared, this.#maximumBytes);
    const { requestId, signal } = options;
    const id = newResourceId(options.uploadId, requestId, "upload_id");
    const key = { project, id };
    const now = Date.now();
    const record: UploadRecord = {
      schemaVersion: 1,
      ...declaration,
      prefix: `${objectsPrefix}${project}/${id}/${randomId()}/`,
      partBytes: choosePartBytes(declaration.sizeBytes),
      parts: [],
      receivedBytes: 0,
      createMs: now,
      touchedMs: now,
      requestId,
    };
    try {
      return await this.#records.put(key, record, 0n, { signal });
    } catch (error) {
      if (!isPssrError(error, "REVISION_CONFLICT")) throw error;
      const existing = await this.#records.get(key, { signal });
      if (existing && requestId !== "" && isSameRequest(existing.record, record)) return existing;
      throw new PssrError(
        "ALREADY_EXISTS",
        `there is already an upload "${id}" in this project; choose another upload_id`,
        {
          field: "upload_id",
        },
      );
    }
  }

  /** Fails with NOT_FOUND. */
  async get(key: RecordKey, { signal }: Abortable): Promise<Entry> {
    const entry = await this.#records.get(key, { signal });
    if (entry) return entry;
    const name = uploadName.format({ project: key.project, upload: key.id });
    throw new PssrError(
      "NOT_FOUND",
      `there is no upload "${name}": it was deleted, used, or forgotten after 24 hours; declare the file again`,
    );
  }

  /**
   * Takes chunks in order until the stream ends, and resolves with what is safe then. Holds one part in memory. A chunk
   * that does not begin where the last one ended fails with UPLOAD_OFFSET_MISMATCH (metadata `expected_offset`), bytes
   * beyond the declared size with INVALID_FIELD; what came before them is kept.
   */
  async write(key: RecordKey, chunks: AsyncIterable<UploadChunk>, { signal }: Abortable): Promise<Entry> {
    let entry = await this.get(key, { signal });
    const part = new Uint8Array(entry.record.partBytes);
    let filled = 0;
    let refusal: PssrError | undefined;
    let begun = false;
    for await (const { offset, data } of chunks) {
      const position = partStart(entry.record) + (begun ? filled : tailBytes(entry.record));
      refusal = refuse(entry.record, position, offset, data);
      if (refusal) break;
      if (data.length === 0) continue;
      if (!begun) {
        // A short last part is continued: read back here, and replaced when the new one is listed.
        filled = await this.#loadTail(entry.record, part, signal);
        begun = true;
      }
      for (let rest = data; rest.length > 0; ) {
        const piece = rest.subarray(0, part.length - filled);
        part.set(piece, filled);
        filled += piece.length;
        rest = rest.subarray(piece.length);
        if (filled < part.length) continue;
        entry = await this.#commitPart(entry, part, signal);
        filled = 0;
      }
    }
    if (begun && filled > tailBytes(entry.record))
      entry = await this.#commitPart(entry, part.subarray(0, filled), signal);
    if (refusal) throw refusal;
    return entry;
  }

  /** The bytes received so far, in order, in pieces of at most 256 KiB. */
  async *read(record: UploadRecord, { signal }: Abortable): AsyncIterable<Uint8Array> {
    for (const part of record.parts) yield* this.#objects.get(record.prefix + part, { signal });
  }

  /** Keeps the upload while an operation, by its id, is to use it. Fails with NOT_FOUND. */
  async use(key: RecordKey, operation: string, { signal }: Abortable): Promise<void> {
    for (;;) {
      const { record, revision } = await this.get(key, { signal });
      if (record.usedBy === operation) return;
      try {
        await this.#records.put(key, { ...record, usedBy: operation, touchedMs: Date.now() }, revision, { signal });
        return;
      } catch (error) {
        if (!isPssrError(error, "REVISION_CONFLICT")) throw error;
      }
    }
  }

  /** Deletes an upload and its bytes; fails with NOT_FOUND where there is none. */
  async delete(key: RecordKey, { signal }: Abortable): Promise<void> {
    await this.#remove(await this.get(key, { signal }), signal);
  }

  /** Deletes an upload that was used; fine where it is gone already. */
  async discard(key: RecordKey, { signal }: Abortable): Promise<void> {
    const entry = await this.#records.get(key, { signal });
    if (entry) await this.#remove(entry, signal);
  }

  /**
   * Forgets uploads untouched for 24 hours, unless `isExpected` says of the operation that is to use one that it has not
   * ended, and objects of that age that no upload names.
   */
  async sweep(
    isExpected: (project: string, operation: string) => Promise<boolean>,
    { signal }: Abortable,
  ): Promise<void> {
    const prefixes = new Set<string>();
    const round = this.#seen.begin();
    for await (const entry of this.#records.listAll({ signal })) {
      const { touchedMs, usedBy, prefix } = entry.record;
      const { revision } = entry;
      const isKept =
        !round.isOlder({ key: prefix, revision, writtenMs: touchedMs }, uploadLifetimeMs) ||
        (usedBy !== undefined && (await isExpected(entry.key.project, usedBy)));
      if (isKept) prefixes.add(prefix);
      else if (!(await this.#removeUnchanged(entry, signal))) prefixes.add(prefix);
    }
    for await (const { key, modifiedMs } of this.#objects.list(objectsPrefix, { signal })) {
      if (prefixes.has(key.slice(0, key.lastIndexOf("/") + 1))) continue;
      if (round.isOlder({ key, revision: modifiedMs, writtenMs: modifiedMs }, uploadLifetimeMs)) {
        await this.#objects.delete(key, { signal });
      }
    }
    round.end();
  }

  async #loadTail(record: UploadRecord, part: Uint8Array, signal: AbortSignal | undefined): Promise<number> {
    const length = tailBytes(record);
    if (length > 0)
      part.set(await this.#objects.getBytes(record.prefix + record.parts.at(-1)!, part.length, { signal }));
    return length;
  }

  /** Stores the bytes that follow the whole parts and lists them; a short last part is replaced. */
  async #commitPart(entry: Entry, bytes: Uint8Array, signal: AbortSignal | undefined): Promise<Entry> {
    const { record } = entry;
    const replaced = tailBytes(record) > 0 ? record.parts.at(-1) : undefined;
    const name = randomId().slice(0, 10);
    await this.#objects.put(record.prefix + name, bytes, { signal });
    const next: UploadRecord = {
      ...record,
      parts: [...(replaced === undefined ? record.parts : record.parts.slice(0, -1)), name],
      receivedBytes: partStart(record) + bytes.length,
      touchedMs: Date.now(),
    };
    try {
      const written = await this.#records.put(entry.key, next, entry.revision, { signal });
      if (replaced !== undefined) await this.#objects.delete(record.prefix + replaced, { signal });
      return written;
    } catch (error) {
      if (!isPssrError(error, "REVISION_CONFLICT")) throw error;
      await this.#objects.delete(record.prefix + name, { signal });
      const present = await this.get(entry.key, { signal });
      throw offsetMismatch(present.record.receivedBytes, "another sender has written to this upload meanwhile");
    }
  }

  /** False where it has changed meanwhile: then its bytes are still wanted. */
  async #removeUnchanged(entry: Entry, signal: AbortSignal | undefined): Promise<boolean> {
    try {
      await this.#remove(entry, signal);
      return true;
    } catch (error) {
      if (!isPssrError(error, "REVISION_CONFLICT")) throw error;
      return false;
    }
  }

  async #remove(entry: Entry, signal: AbortSignal | undefined): Promise<void> {
    await this.#records.delete(entry.key, entry.revision, { signal });
    await this.#objects.deletePrefix(entry.record.prefix, { signal });
  }
}

/** Bytes in the last part, where that is not a whole one. */
function tailBytes(record: UploadRecord): number {
  return record.receivedBytes % record.partBytes;
}

function partStart(record: UploadRecord): number {
  return record.receivedBytes - tailBytes(record);
}

function refuse(record: UploadRecord, position: number, offset: bigint, data: Uint8Array): PssrError | undefined {
  if (offset !== BigInt(position)) return offsetMismatch(position, `the chunk begins at ${offset}`);
  if (data.length > maximumChunkBytes) {
    return new PssrError(
      "INVALID_FIELD",
      `data: ${data.length} bytes in one message; send at most 3 MiB, best about 256 KiB`,
      {
        field: "data",
      },
    );
  }
  if (position + data.length <= record.sizeBytes) return undefined;
  return new PssrError(
    "INVALID_FIELD",
    `data: ${position + data.length} bytes are more than the declared ${record.sizeBytes}; declare the file's true size in a new upload`,
    { field: "data" },
  );
}

function offsetMismatch(expected: number, what: string): PssrError {
  return new PssrError("UPLOAD_OFFSET_MISMATCH", `${what}, but the upload stands at ${expected}: send from there on`, {
    field: "offset",
    metadata: { expected_offset: String(expected) },
  });
}

function isSameRequest(a: UploadRecord, b: UploadRecord): boolean {
  return (
    a.requestId === b.requestId && a.sha256 === b.sha256 && a.sizeBytes === b.sizeBytes && a.filename === b.filename
  );
}
