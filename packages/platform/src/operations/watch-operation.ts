/** One operation as it changes: its present state first, then each change, conflated for slow readers, until its end. */
import { PssrError } from "@pssr/api";
import { ConflatedQueue } from "../events/conflated-queue.js";
import type { Revision } from "../state/state-store.js";
import type { IndexEntry, OperationIndex } from "./operation-index.js";
import { keyOfName } from "./operation-name.js";
import type { OperationRecords } from "./records.js";
import { type OperationView, viewOf } from "./view.js";

export interface WatchOperationOptions {
  /** What the caller has seen already: the present state comes only if it is newer. The end comes in any case. */
  afterRevision?: Revision | undefined;
  signal?: AbortSignal | undefined;
}

export async function* watchOperation(
  index: OperationIndex,
  records: OperationRecords,
  name: string,
  { afterRevision = 0n, signal, closing }: WatchOperationOptions & { closing: AbortSignal },
): AsyncGenerator<OperationView> {
  const key = keyOfName(name);
  const queue = new ConflatedQueue<"state", OperationView>(signal);
  let latest = 0n;
  let told = "";
  const tell = (view: OperationView): void => {
    if (view.revision < latest) return;
    latest = view.revision;
    const { revision: _revision, ...visible } = view;
    // Heartbeats change the revision and nothing that anyone sees.
    const text = JSON.stringify(visible);
    if (text === told) return;
    told = text;
    queue.put("state", view);
    if (view.done) queue.end();
  };
  const take = (entry: IndexEntry | undefined): void => {
    if (entry === undefined || entry.record.deleted) queue.fail(notFound(name));
    else tell(viewOf(entry.record, entry.revision, entry.progress));
  };
  const close = (): void => queue.fail(closing.reason);
  closing.addEventListener("abort", close, { once: true });
  const stop = index.listen(key, take);
  try {
    closing.throwIfAborted();
    const known = index.get(key);
    // Submitted a moment ago, perhaps elsewhere: the store knows it before the index does.
    const stored = known ?? (await records.get(key, { signal }));
    if (stored === undefined || stored.record.deleted) throw notFound(name);
    const view = viewOf(stored.record, stored.revision, known?.progress);
    if (view.done || view.revision > afterRevision) tell(view);
    yield* queue;
  } finally {
    stop();
    closing.removeEventListener("abort", close);
  }
}

export function notFound(name: string): PssrError {
  return new PssrError("NOT_FOUND", `there is no operation ${name}; ended operations are forgotten after a while`);
}
