/** The record of a resource as it follows from its operation's record; one that has ended is never turned back. */
import { isPssrError } from "@pssr/api";
import type { Abortable } from "../abortable.js";
import type { RecordKey, RecordTable, VersionedRecord } from "./record-table.js";

/** Writes what `make` gives, unless it is there already. Several processes may do it at once: whoever was slower looks again. */
export async function bringInLine<T extends VersionedRecord & { readonly state: string }>(
  records: RecordTable<T>,
  key: RecordKey,
  make: () => Promise<T>,
  { signal }: Abortable,
): Promise<void> {
  for (;;) {
    const present = await records.get(key, { signal });
    if (present !== undefined && present.record.state !== "ACTIVE") return;
    const made = await make();
    if (present?.record.state === made.state) return;
    try {
      await records.put(key, made, present?.revision ?? 0n, { signal });
      return;
    } catch (error) {
      if (!isPssrError(error, "REVISION_CONFLICT")) throw error;
    }
  }
}
