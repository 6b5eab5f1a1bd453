/**
 * Whether this machine can train at all, without loading TensorFlow into the process that asks: it is large, it blocks its
 * thread, and only a training process may have it.
 */
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { PssrError } from "@pssr/api";

/** What `make build` puts into the package: the binding, and a link to the library. */
const parts = ["lib/napi-v8/tfjs_binding.node", "deps/lib/libtensorflow.so"];

/** The folder of the package that loads the native library, wherever npm has put it. */
export function nativePackage(): string {
  return dirname(createRequire(import.meta.url).resolve("@tensorflow/tfjs-node/package.json"));
}

/** Throws NATIVE_LIBRARY_MISSING where `folder` lacks a part, or a link of it leads nowhere. */
export function checkNativeLibrary(folder: string): void {
  const missing = parts.find((part) => !existsSync(join(folder, part)));
  if (missing === undefined) return;
  throw new PssrError(
    "NATIVE_LIBRARY_MISSING",
    "training needs the native TensorFlow, which is not built on this machine; run: make build",
    { metadata: { missing } },
  );
}
