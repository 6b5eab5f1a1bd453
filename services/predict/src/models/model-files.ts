/** Reads a model version's files from the object store, checks them against its manifest, and keeps the last ones used. */
import { PssrError } from "@pssr/api";
import { type ModelManifest, modelFiles, parseModelManifest } from "@pssr/networks";
import type { Abortable, ObjectStore } from "@pssr/platform";
import type { SpecifiedModel } from "../predictions/prediction-spec.js";

const maximumManifestBytes = 1024 * 1024;

export class ModelFiles {
  /** ONNX files by digest, the last one used last. A file is kept as the promise of it, so that it is read once. */
  readonly #onnx = new Map<string, { sizeBytes: number; bytes: Promise<Uint8Array> }>();

  /** @param cacheBytes ONNX files beyond so many bytes in all are let go of, the least recently used first. */
  constructor(
    private readonly objects: ObjectStore,
    private readonly cacheBytes: number,
  ) {}

  /** Throws INVALID_MODEL or OBJECT_CORRUPT; NOT_FOUND where there is none. */
  async manifest(location: string, options: Abortable): Promise<ModelManifest> {
    return parseModelManifest(
      await this.objects.getBytes(keyUnder(location, modelFiles.manifest), maximumManifestBytes, options),
    );
  }

  /** The version's ONNX file. Throws OBJECT_CORRUPT when it is not the one that the manifest tells of. */
  async onnx(
    { location, onnx }: Pick<SpecifiedModel, "location" | "onnx">,
    { signal }: Abortable,
  ): Promise<Uint8Array> {
    signal?.throwIfAborted();
    const held = this.#onnx.get(onnx.sha256);
    if (held !== undefined) {
      this.#onnx.delete(onnx.sha256);
      this.#onnx.set(onnx.sha256, held);
      return held.bytes;
    }
    // Without the caller's signal: others may wait for the same bytes by then.
    const entry = { sizeBytes: onnx.sizeBytes, bytes: this.#read(location, onnx) };
    this.#onnx.set(onnx.sha256, entry);
    this.#evict();
    entry.bytes.catch(() => {
      if (this.#onnx.get(onnx.sha256) === entry) this.#onnx.delete(onnx.sha256);
    });
    return entry.bytes;
  }

  async #read(location: string, onnx: SpecifiedModel["onnx"]): Promise<Uint8Array> {
    if (onnx.sizeBytes > this.cacheBytes) {
      throw new PssrError(
        "LIMIT_EXCEEDED",
        `${modelFiles.onnx} has ${onnx.sizeBytes} bytes, more than the ${this.cacheBytes} for models; raise --model-cache`,
      );
    }
    const key = keyUnder(location, modelFiles.onnx);
    // The store holds what it reads to its own digest; so that digest is all there is to compare.
    const stored = await this.objects.stat(key);
    if (stored?.sha256 !== onnx.sha256) {
      const found = stored === undefined ? "is gone" : `has SHA-256 ${stored.sha256}`;
      throw new PssrError(
        "OBJECT_CORRUPT",
        `${key} ${found}; the manifest says ${onnx.sha256}: restore it from a copy, or train again`,
        { field: "prediction.model_version" },
      );
    }
    return this.objects.getBytes(key, onnx.sizeBytes);
  }

  #evict(): void {
    let total = [...this.#onnx.values()].reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
    for (const [digest, { sizeBytes }] of this.#onnx) {
      if (total <= this.cacheBytes || this.#onnx.size === 1) return;
      this.#onnx.delete(digest);
      total -= sizeBytes;
    }
  }
}

/** A key below a prefix that a service calls a location. */
export function keyUnder(location: string, name: string): string {
  return `${location.replace(/\/$/, "")}/${name}`;
}
