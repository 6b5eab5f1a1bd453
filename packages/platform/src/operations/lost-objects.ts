/** Removes the objects of attempts that lost. Those of the attempt that counts belong to the resource it made. */
import type { Abortable } from "../abortable.js";
import type { ObjectStore } from "../objects/object-store.js";
import type { IndexedRecord } from "./view.js";

/**
 * Deletes what ended operation `key` left behind, unless it is young by the time it was written at (milliseconds since 1970).
 * Resolves with whether that was all. Attempts after the record's last one are of a new request with the same id.
 */
export async function sweepLostObjects(
  objects: ObjectStore,
  key: string,
  record: IndexedRecord,
  isYoung: (writtenMs: number) => boolean,
  { signal }: Abortable = {},
): Promise<boolean> {
  const { result } = record;
  const attempts = new Set(result === undefined ? [] : [result.attempt, ...result.keepAttempts]);
  const single = new Set(result?.keepObjects);
  let all = true;
  for await (const object of objects.list(`${key}/`, { signal })) {
    const attempt = Number(object.key.slice(key.length + 1).split("/", 1)[0]);
    if (attempts.has(attempt) || single.has(object.key) || attempt > record.attempt) continue;
    if (isYoung(object.modifiedMs)) all = false;
    else await objects.delete(object.key, { signal });
  }
  return all;
}
