/** One operation as it changes: its present state first, then each change, conflated for slow readers, until its end. */
import { PssrError } from "@pssr/api";
import { ConflatedQueue } from "../events/conflated-queue.js";
import type { Revision } from "../state/state-store.js";
import type { IndexEntry, OperationIndex } from "./operation-index.js";
import { keyOfName } from "./operation-name.js";
import { isTerminal } from "./record.js";
import type { OperationRecords } from "./records.js";
import { furtherProgress, type OperationView, type Progress, viewOf } from "./view.js";

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
  // What waits is what there is to see; a view of it is made when it is read, so that a reader that has stopped costs nothing.
  let leave = (): void => undefined;
  const queue = new ConflatedQueue<"state", Seen>(signal, () => leave());
  let latest = 0n;
  const tell = (seen: Seen): void => {
    if (seen.revision < latest) return;
    latest = seen.revision;
    queue.put("state", seen);
    if (isTerminal(seen.record.state) && seen.record.materialised) queue.end();
  };
  const take = (entry: IndexEntry | undefined): void => {
    if (entry === undefined || entry.record.deleted) queue.fail(notFound(name));
    else tell(entry);
  };
  const close = (): void => queue.fail(closing.reason);
  closing.addEventListener("abort", close, { once: true });
  const stop = index.listen(key, take);
  // With the signal, not with the next read: who has gone away may never read again.
  leave = () => {
    stop();
    closing.removeEventListener("abort", close);
  };
  try {
    closing.throwIfAborted();
    // Submitted a moment ago, perhaps elsewhere: the store knows it before the index does.
    const stored = index.get(key) ?? (await records.get(key, { signal }));
    if (stored === undefined || stored.record.deleted) throw notFound(name);
    tell(stored);
    let told = "";
    let known = afterRevision;
    for await (const { record, revision, progress } of queue) {
      const view = viewOf(record, revision, progress);
      const news = visible(view, furtherProgress(record.progress, progress));
      if (news === told) continue;
      told = news;
      if (view.done || revision > known) yield view;
      known = 0n; // what is told from now on is new
    }
  } finally {
    leave();
  }
}

/** An entry of the index, or a record that it does not have yet. */
type Seen = Pick<IndexEntry, "record" | "revision"> & Partial<Pick<IndexEntry, "progress">>;

/** What anyone sees of a state, in short: heartbeats change the revision and nothing of this. */
function visible(
  { state, done, cancelRequested, attempt, startedMs }: OperationView,
  progress: Progress | undefined,
): string {
  return JSON.stringify([state, done, cancelRequested, attempt, startedMs, progress?.attempt, progress?.sequence]);
}

export function notFound(name: string): PssrError {
  return new PssrError("NOT_FOUND", `there is no operation ${name}; ended operations are forgotten after a while`);
}
