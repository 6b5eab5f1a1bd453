/**
 * Follows long work: `watchOperation` yields each state as it comes, over broken connections; `finish` waits for the end
 * and gives the response or throws the error. Leaving the loop only stops the watching; `cancel` stops the work.
 */
import { setTimeout } from "node:timers/promises";
import { errorOf, isPeerGone, type Operation, OperationMetadata, PssrError, reasonOfCode } from "@pssr/api";
import type { PssrClient } from "./connect.js";

/** How often a broken watch is taken up again without news, with half a second in between. */
const ATTEMPTS_WITHOUT_NEWS = 20;
const PAUSE_MS = 500;

export interface WatchOptions {
  signal?: AbortSignal;
}

/** One state of an operation, with its metadata decoded. */
export interface OperationState {
  operation: Operation;
  metadata: OperationMetadata;
}

/** Yields the operation as it is, then each change, until it is done. */
export async function* watchOperation(
  client: PssrClient,
  name: string,
  { signal }: WatchOptions = {},
): AsyncGenerator<OperationState> {
  let afterRevision = 0n;
  for (let failures = 0; ; ) {
    try {
      for await (const { operation, revision } of client.watches.watchOperation({ name, afterRevision }, { signal })) {
        if (operation === undefined) continue;
        failures = 0;
        afterRevision = revision;
        yield { operation, metadata: OperationMetadata.decode(operation.metadata?.value ?? new Uint8Array()) };
        if (operation.done) return;
      }
    } catch (error) {
      if (!isPeerGone(error) || signal?.aborted) throw error;
      failures += 1;
      if (failures >= ATTEMPTS_WITHOUT_NEWS) throw error;
    }
    await setTimeout(PAUSE_MS, undefined, { signal });
  }
}

/** Waits for the end and decodes the response: `finish(client, operation, Training)`. Throws the operation's error. */
export async function finish<T>(
  client: PssrClient,
  operation: Operation,
  type: { decode(bytes: Uint8Array): T },
  options: WatchOptions & { onState?: (state: OperationState) => void } = {},
): Promise<T> {
  let last = operation;
  if (!operation.done)
    for await (const state of watchOperation(client, operation.name, options)) {
      options.onState?.(state);
      last = state.operation;
    }
  if (last.result?.$case === "response") return type.decode(last.result.value.value);
  throw (
    errorIn(last) ?? new PssrError("INTERNAL", `${operation.name} is done, but has neither a response nor an error`)
  );
}

/** Why an operation failed or was cancelled; undefined of one that was not. */
export function errorIn({ result }: Operation): PssrError | undefined {
  if (result?.$case !== "error") return undefined;
  return errorOf(result.value) ?? new PssrError(reasonOfCode(result.value.code), result.value.message);
}

/** Asks to stop the work; it has stopped when the operation is done. */
export async function cancel(client: PssrClient, name: string, options: WatchOptions = {}): Promise<void> {
  await client.operations.cancelOperation({ name }, options);
}
