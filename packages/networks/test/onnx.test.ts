import assert from "node:assert/strict";
import { test } from "node:test";
import { conv, createNetwork, initialWeights, type Network, type Ops, writeOnnx } from "@pssr/networks";

const network = createNetwork({ scale: 2, options: { width: 8, depth: 1 } });

test("a network too large for one ONNX file is refused before its weights are looked at", () => {
  const huge: Network = {
    config: { family: "huge", scale: 1, frames: 1, options: {} },
    build: <T>(ops: Ops<T>, x: T) => conv(ops, "c", conv(ops, "b", conv(ops, "a", x, 20_000), 20_000), 1),
  };
  assert.throws(() => writeOnnx(huge, new Map()), { reason: "LIMIT_EXCEEDED" });
});

test("weights that are missing or of the wrong size are named", () => {
  const weights = new Map(initialWeights(network, 1));
  weights.set("head/bias", new Float32Array(3));
  assert.throws(() => writeOnnx(network, weights), { reason: "INVALID_MODEL", message: /head\/bias holds 3 numbers/ });
  weights.delete("head/bias");
  assert.throws(() => writeOnnx(network, weights), { reason: "INVALID_MODEL", message: /lack head\/bias/ });
});

test("the same network and weights give the same file", () => {
  const [first, second] = [1, 1].map((seed) => writeOnnx(network, initialWeights(network, seed)));
  assert.deepEqual(first, second);
});
