/** Typed access to operation records: read, create, and change by compare-and-set. */
import { isPssrError } from "@pssr/api";
import type { Abortable } from "../abortable.js";
import type { Revision, StateStore } from "../state/state-store.js";
import { operationKey } from "./operation-name.js";
import { type OperationRecord, parseRecord, serialiseRecord } from "./record.js";

export interface StoredRecord {
  key: string;
  record: OperationRecord;
  revision: Revision;
}

export class OperationRecords {
  /** `written` hears of each record that was written here, before anyone else does. */
  constructor(
    private readonly state: StateStore,
    private readonly written: (stored: StoredRecord) => void,
  ) {}

  async get(key: string, { signal }: Abortable = {}): Promise<StoredRecord | undefined> {
    const entry = await this.state.get(key, { signal });
    return entry && { key, record: parseRecord(key, entry.value), revision: entry.revision };
  }

  /** REVISION_CONFLICT where the operation exists. */
  async create(record: OperationRecord, { signal }: Abortable = {}): Promise<StoredRecord> {
    const key = operationKey(record.project, record.id);
    return this.#put({ key, record, revision: 0n }, signal);
  }

  /** One compare-and-set; REVISION_CONFLICT where the record has changed since it was read. */
  async replace(
    stored: StoredRecord,
    changes: Partial<OperationRecord>,
    { signal }: Abortable = {},
  ): Promise<StoredRecord> {
    const record: OperationRecord = { ...stored.record, ...changes };
    return this.#put({ key: stored.key, record, revision: stored.revision }, signal);
  }

  async #put({ key, record, revision }: StoredRecord, signal: AbortSignal | undefined): Promise<StoredRecord> {
    const stored = { key, record, revision: await this.state.put(key, serialiseRecord(record), revision, { signal }) };
    this.written(stored);
    return stored;
  }

  /**
   * Changes a record whatever it says by then: `decide` sees it as it is and names the changes, or undefined for none. Resolves
   * with the record as it stands, undefined where there is none.
   */
  async update(
    key: string,
    decide: (record: OperationRecord) => Partial<OperationRecord> | undefined,
    { signal }: Abortable = {},
  ): Promise<StoredRecord | undefined> {
    for (;;) {
      const stored = await this.get(key, { signal });
      const changes = stored && decide(stored.record);
      if (changes === undefined) return stored;
      try {
        return await this.replace(stored!, changes, { signal });
      } catch (error) {
        if (!isPssrError(error, "REVISION_CONFLICT")) throw error;
      }
    }
  }

  /** REVISION_CONFLICT where the record has changed since it was read. */
  async delete({ key, revision }: Pick<StoredRecord, "key" | "revision">, { signal }: Abortable = {}): Promise<void> {
    await this.state.delete(key, revision, { signal });
  }
}
