/**
 * What the present piece of work belongs to. It follows the work through every await, so that each log line and each
 * outgoing call carries the trace and the operation without anybody passing them on.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import type { TraceContext } from "./trace-context.js";

export interface LogScope {
  readonly trace?: TraceContext;
  /** Name of the operation: projects/{project}/operations/{operation}. */
  readonly operation?: string;
}

const storage = new AsyncLocalStorage<LogScope>();

export function currentScope(): LogScope {
  return storage.getStore() ?? {};
}

/** Runs `work` in the present scope extended by `scope`. */
export function runInScope<T>(scope: LogScope, work: () => T): T {
  return storage.run({ ...currentScope(), ...scope }, work);
}

/** The same for a generator: each of its steps runs in the scope, whoever asks for the step. */
export function generateInScope<T, R>(
  scope: LogScope,
  generate: () => AsyncGenerator<T, R, undefined>,
): AsyncGenerator<T, R, undefined> {
  const merged = { ...currentScope(), ...scope };
  const inner = storage.run(merged, generate);
  const outer: AsyncGenerator<T, R, undefined> = {
    next: () => storage.run(merged, () => inner.next()),
    return: (value) => storage.run(merged, () => inner.return(value)),
    throw: (error) => storage.run(merged, () => inner.throw(error)),
    [Symbol.asyncIterator]: () => outer,
    async [Symbol.asyncDispose]() {
      await outer.return(undefined as R);
    },
  };
  return outer;
}
