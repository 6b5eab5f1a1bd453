/**
 * A service's records of one kind in the state store: JSON under `{kind}/{project}/{id}`, with the version of their schema.
 *
 *     const uploads = new RecordTable<UploadRecord>(state, "uploads");
 *     const entry = await uploads.get({ project: "em", id: "scan-07" }, { signal });
 */
import { PssrError } from "@pssr/api";
import type { Abortable } from "../abortable.js";
import type { Revision, StateStore } from "../state/state-store.js";

/** What every record carries. A newer release reads the older versions; an older one refuses the newer. */
export interface VersionedRecord {
  readonly schemaVersion: 1;
}

export interface RecordKey {
  project: string;
  /** One id, or several joined by "/": a model's and its version's. */
  id: string;
}

export interface RecordEntry<T> {
  key: RecordKey;
  record: T;
  revision: Revision;
}

const encoder = new TextEncoder();

export interface ScanOptions extends Abortable {
  /**
   * Told of each record that cannot be read, which is then left out, so that one does not hide all others. Without it such
   * a record ends the scan: whoever deletes what no record names must not overlook one.
   */
  report?: ((error: unknown, doing: string) => void) | undefined;
}

/** Values are JSON; what JSON lacks (Infinity, bigints) a record says in its own way. */
export class RecordTable<T extends VersionedRecord> {
  readonly #state: StateStore;
  readonly #kind: string;

  constructor(state: StateStore, kind: string) {
    this.#state = state;
    this.#kind = kind;
  }

  /** Undefined where there is none. */
  async get(key: RecordKey, options: Abortable): Promise<RecordEntry<T> | undefined> {
    const entry = await this.#state.get(this.#path(key), options);
    return entry && { key, record: decode<T>(entry.key, entry.value), revision: entry.revision };
  }

  /** Writes where the record stands at `revision` (0n: where there is none); fails with REVISION_CONFLICT otherwise. */
  async put(key: RecordKey, record: T, revision: Revision, options: Abortable): Promise<RecordEntry<T>> {
    const value = encoder.encode(JSON.stringify(record));
    return { key, record, revision: await this.#state.put(this.#path(key), value, revision, options) };
  }

  async delete(key: RecordKey, revision: Revision, options: Abortable): Promise<void> {
    await this.#state.delete(this.#path(key), revision, options);
  }

  /**
   * Records of a project in the order of their ids, all behind `after` ("" for all). `within` narrows it to ids that begin
   * with it and a "/".
   */
  async *list(
    project: string,
    after: string,
    options: ScanOptions & { within?: string },
  ): AsyncIterable<RecordEntry<T>> {
    const prefix = `${this.#kind}/${project}/${options.within === undefined ? "" : `${options.within}/`}`;
    yield* this.#scan(prefix, after === "" ? undefined : this.#path({ project, id: after }), options);
  }

  /** Records of all projects. */
  async *listAll(options: ScanOptions): AsyncIterable<RecordEntry<T>> {
    yield* this.#scan(`${this.#kind}/`, undefined, options);
  }

  /** Changes of all records, beginning with those that exist; a deleted one has no record. Ends when aborted. */
  async *watch(options: ScanOptions): AsyncIterable<{ key: RecordKey; record: T | undefined }> {
    for await (const change of this.#state.watch(`${this.#kind}/`, options)) {
      if (change.type === "current") continue;
      const key = keyOf(change.key);
      const record = change.type === "put" ? this.#read(change.key, change.value, options) : undefined;
      if (change.type === "delete" || record !== undefined) yield { key, record };
    }
  }

  async *#scan(prefix: string, start: string | undefined, options: ScanOptions): AsyncIterable<RecordEntry<T>> {
    const limit = 200;
    const { signal } = options;
    for (let after = start; ; ) {
      const page = await this.#state.list(prefix, { after, limit, signal });
      for (const { key, value, revision } of page) {
        const record = this.#read(key, value, options);
        if (record !== undefined) yield { key: keyOf(key), record, revision };
      }
      if (page.length < limit) return;
      after = page.at(-1)!.key;
    }
  }

  /** Undefined where it cannot be read and there is somebody to be told. */
  #read(path: string, value: Uint8Array, { report }: ScanOptions): T | undefined {
    try {
      return decode<T>(path, value);
    } catch (error) {
      if (report === undefined) throw error;
      report(error, `reading ${path}`);
      return undefined;
    }
  }

  #path({ project, id }: RecordKey): string {
    return `${this.#kind}/${project}/${id}`;
  }
}

function keyOf(path: string): RecordKey {
  const [, project, ...id] = path.split("/");
  return { project: project!, id: id.join("/") };
}

function decode<T extends VersionedRecord>(path: string, value: Uint8Array): T {
  let record: unknown;
  try {
    record = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(value));
  } catch (cause) {
    throw new PssrError("OBJECT_CORRUPT", `the record ${path} is no JSON; restore it from a backup`, { cause });
  }
  const version = typeof record === "object" && record !== null && "schemaVersion" in record && record.schemaVersion;
  if (version === 1) return record as T;
  if (typeof version === "number" && version > 1) {
    throw new PssrError(
      "RECORD_TOO_NEW",
      `the record ${path} has schema version ${version}, this release reads version 1: run a newer release`,
      { metadata: { key: path } },
    );
  }
  throw new PssrError("OBJECT_CORRUPT", `the record ${path} has no schema version; restore it from a backup`);
}
