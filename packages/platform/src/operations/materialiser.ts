/** Brings resource records in line with operation records; the step that any process may repeat. */
import { isPssrError } from "@pssr/api";
import type { Abortable } from "../abortable.js";
import type { JobKind } from "./job.js";
import { inJobSpan } from "./job-scope.js";
import type { OperationRecords, StoredRecord } from "./records.js";

export class Materialiser {
  readonly #underWay = new Map<string, Promise<unknown>>();

  constructor(
    private readonly records: OperationRecords,
    private readonly kinds: ReadonlyMap<string, JobKind>,
  ) {}

  /** Resolves when the record says that it is materialised, with that record. One at a time for one operation. */
  async run(key: string, { signal }: Abortable = {}): Promise<StoredRecord | undefined> {
    const before = this.#underWay.get(key) ?? Promise.resolve();
    const mine = before.then(() => this.#bringInLine(key, signal));
    const settled = mine.then(
      () => undefined,
      () => undefined, // whoever asked has the error
    );
    this.#underWay.set(key, settled);
    try {
      return await mine;
    } finally {
      if (this.#underWay.get(key) === settled) this.#underWay.delete(key);
    }
  }

  async #bringInLine(key: string, signal: AbortSignal | undefined): Promise<StoredRecord | undefined> {
    for (let wrote = false; ; wrote = true) {
      const stored = await this.records.get(key, { signal });
      const kind = stored && this.kinds.get(stored.record.kind);
      if (stored === undefined || kind === undefined || (stored.record.materialised && !wrote)) return stored;
      await inJobSpan("materialise", stored.record, {}, () => kind.materialise(stored.record, { signal }));
      // Another was quicker. What we wrote before was for an older record, so it had to be done again, but not recorded again.
      if (stored.record.materialised) return stored;
      try {
        return await this.records.replace(stored, { materialised: true }, { signal });
      } catch (error) {
        if (!isPssrError(error, "REVISION_CONFLICT")) throw error;
      }
    }
  }
}
