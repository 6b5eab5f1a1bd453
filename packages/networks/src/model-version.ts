/**
 * A model version as files: which there are, and how they are made from a network with its weights. The manifest
 * (model.json) is written last and names every other file with its digest: where it is, the version is whole.
 */
import { createHash } from "node:crypto";
import { writeOnnx } from "./interpreters/onnx.js";
import { receptiveField } from "./interpreters/receptive-field.js";
import { networkShape } from "./interpreters/shapes.js";
import { type FileDigest, type ModelManifest, manifestSchemaVersion, type Provenance } from "./model-manifest.js";
import type { Network } from "./network.js";
import type { Weights } from "./parameter.js";
import { writeWeights } from "./weights/weights-file.js";

export const modelFiles = {
  /** What the version is; see `ModelManifest`. */
  manifest: "model.json",
  /** The trained numbers; see `readWeights`. */
  weights: "weights.safetensors",
  /** The network with its weights, ready to run; see `writeOnnx`. */
  onnx: "model.onnx",
  /** How good it is on the tiles held back. */
  report: "report.json",
  /** Before and after, side by side. */
  preview: "preview.png",
} as const;

export type ModelFileName = (typeof modelFiles)[keyof typeof modelFiles];

export interface ModelVersionContent extends Provenance {
  readonly network: Network;
  readonly weights: Weights;
  /** The validation report, stored as JSON. */
  readonly report: unknown;
  /** A PNG, if there is something to show. */
  readonly preview?: Uint8Array;
}

/** The files of a version by name, the manifest last. Throws `INVALID_MODEL` when the weights are not the network's. */
export function packModelVersion(content: ModelVersionContent): Map<ModelFileName, Uint8Array> {
  const { network, weights, report, preview } = content;
  const { halo, grid } = receptiveField(network);
  const shape = networkShape(network, { height: grid, width: grid });
  const files = new Map<ModelFileName, Uint8Array>([
    [modelFiles.weights, writeWeights(network, weights)],
    [modelFiles.onnx, writeOnnx(network, weights)],
    [modelFiles.report, json(report)],
  ]);
  if (preview !== undefined) files.set(modelFiles.preview, preview);
  const manifest: ModelManifest = {
    schemaVersion: manifestSchemaVersion,
    network: network.config,
    halo,
    grid,
    parameterCount: shape.parameterCount,
    intensity: content.intensity,
    training: content.training,
    datasets: content.datasets,
    crappifier: content.crappifier,
    createdBy: content.createdBy,
    createTime: content.createTime,
    files: Object.fromEntries([...files].map(([name, bytes]) => [name, fileDigest(bytes)])),
  };
  return files.set(modelFiles.manifest, json(manifest));
}

function fileDigest(bytes: Uint8Array): FileDigest {
  return { sizeBytes: bytes.byteLength, sha256: createHash("sha256").update(bytes).digest("hex") };
}

function json(value: unknown): Uint8Array {
  return new TextEncoder().encode(`${JSON.stringify(value, null, 2)}\n`);
}
