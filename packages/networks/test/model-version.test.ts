import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { PssrError } from "@pssr/api";
import {
  createNetwork,
  initialWeights,
  modelFiles,
  packModelVersion,
  parseModelManifest,
  readWeights,
} from "@pssr/networks";

const network = createNetwork({ scale: 3, frames: 3, options: { width: 8, depth: 1 } });
const weights = initialWeights(network, 5);
const files = packModelVersion({
  network,
  weights,
  report: { psnr: 26.7 },
  preview: Uint8Array.of(1, 2, 3),
  intensity: { kind: "LEVELS", black: 0, white: 1 },
  training: { dataset: "projects/p/datasets/d", learning: { maxSteps: "100" } },
  datasets: [{ name: "projects/p/datasets/d", digest: "abc" }],
  crappifier: { sampling: { scale: 3 } },
  createdBy: "pssr 0.1.0",
  createTime: "2025-01-31T12:00:00.000Z",
});
const manifestBytes = files.get(modelFiles.manifest)!;

test("a model version packs into files that say everything needed to use it", () => {
  assert.deepEqual([...files.keys()].at(-1), "model.json");
  const manifest = parseModelManifest(manifestBytes);
  assert.deepEqual(manifest.network, network.config);
  assert.deepEqual([manifest.halo, manifest.grid], [16, 2]);
  assert.deepEqual(manifest.training, { dataset: "projects/p/datasets/d", learning: { maxSteps: "100" } });
  assert.deepEqual(Object.keys(manifest.files).sort(), [
    "model.onnx",
    "preview.png",
    "report.json",
    "weights.safetensors",
  ]);
  for (const [name, bytes] of files) {
    if (name === modelFiles.manifest) continue;
    const sha256 = createHash("sha256").update(bytes).digest("hex");
    assert.deepEqual(manifest.files[name], { sizeBytes: bytes.byteLength, sha256 });
  }
  assert.deepEqual(readWeights(createNetwork(manifest.network), files.get(modelFiles.weights)!), weights);
});

test("a manifest with a wrong value is refused by its path", () => {
  const original = JSON.parse(new TextDecoder().decode(manifestBytes)) as Record<string, unknown>;
  const cases: [string, Record<string, unknown>][] = [
    ["schemaVersion", { schemaVersion: 2 }],
    ["network.family", { network: { ...network.config, family: "other" } }],
    ["network.options.width", { network: { ...network.config, options: { width: 1e9 } } }],
    ["halo", { halo: -1 }],
    ["grid", { grid: 0 }],
    ["intensity.white", { intensity: { kind: "LEVELS", black: 1, white: 1 } }],
    ["datasets[0].digest", { datasets: [{ name: "a" }] }],
    ["createTime", { createTime: "yesterday" }],
    ["files.model.onnx.sha256", { files: { "model.onnx": { sizeBytes: 1, sha256: "../../x" } } }],
    ["crappifier", { crappifier: [] }],
  ];
  for (const [path, change] of cases) {
    const bytes = new TextEncoder().encode(JSON.stringify({ ...original, ...change }));
    assert.throws(
      () => parseModelManifest(bytes),
      (error) => error instanceof PssrError && error.reason === "INVALID_MODEL" && error.message.includes(`${path}: `),
      path,
    );
  }
  assert.throws(() => parseModelManifest(Buffer.from("{")), { reason: "INVALID_MODEL" });
  assert.throws(() => parseModelManifest(new Uint8Array(2 ** 20 + 1)), { reason: "INVALID_MODEL" });
});
