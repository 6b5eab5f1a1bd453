/**
 * Loads the native TensorFlow. It is large and blocks the thread that calls it, so only a training thread asks for it,
 * and nothing else of this service imports it.
 */
import { createRequire } from "node:module";
import os from "node:os";
import util from "node:util";
import { PssrError } from "@pssr/api";

/** TensorFlow.js with the native backend; its types without its code. */
export type TensorFlow = typeof import("@tensorflow/tfjs-core");

export interface TensorFlowOptions {
  /** Threads that one operation may use. Default: all processors this process may run on. */
  threads?: number;
}

/**
 * Settings that TensorFlow reads once, from the process's environment, when it is loaded. A worker thread's `process.env`
 * is a copy that native code does not see: call this before the worker starts, or start it with `SHARE_ENV`.
 * What the environment already says is kept.
 */
export function prepareEnvironment({ threads = os.availableParallelism() }: TensorFlowOptions = {}): void {
  // oneDNN is off by default on processors without AVX-512, where it is faster too.
  process.env.TF_ENABLE_ONEDNN_OPTS ??= "1";
  process.env.TF_NUM_INTRAOP_THREADS ??= String(threads);
  // Operations come one by one, so a second pool between operations would only compete with the first.
  process.env.TF_NUM_INTEROP_THREADS ??= "1";
  // Warnings and errors only.
  process.env.TF_CPP_MIN_LOG_LEVEL ??= "1";
}

/**
 * Loads TensorFlow, once per thread. Throws `NATIVE_LIBRARY_MISSING` when it is not built on this machine or cannot be
 * loaded.
 */
export function loadTensorFlow(options: TensorFlowOptions = {}): TensorFlow {
  prepareEnvironment(options);
  restoreRemovedFunctions();
  try {
    const tf = createRequire(import.meta.url)("@tensorflow/tfjs-node") as TensorFlow;
    tf.enableProdMode();
    return tf;
  } catch (error) {
    throw new PssrError(
      "NATIVE_LIBRARY_MISSING",
      `training needs the native TensorFlow, which cannot be loaded (${firstLine(error)}); run: make build`,
      { cause: error },
    );
  }
}

/** tfjs-node calls two functions that Node 23 removed. */
function restoreRemovedFunctions(): void {
  const removed = util as unknown as Record<string, unknown>;
  removed.isNullOrUndefined ??= (value: unknown) => value === null || value === undefined;
  removed.isArray ??= Array.isArray;
}

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split("\n", 1)[0]!.trim();
}
