import assert from "node:assert/strict";
import { test } from "node:test";
import { PssrError } from "@pssr/api";
import { compact, conv, createNetwork, type Network, networkShape, type Ops } from "@pssr/networks";

test("compact gives one channel at every scale, frame count and depth", () => {
  for (const scale of compact.scales) {
    for (const [frames, depth] of [
      [1, 2],
      [5, 0],
      [3, 4],
    ] as const) {
      const network = createNetwork({ scale, frames, options: { width: 8, depth } });
      const { output } = networkShape(network, { height: 32, width: 48 });
      assert.deepEqual(output, { channels: 1, height: 32 * scale, width: 48 * scale });
    }
  }
});

test("parameters and operations are counted as by hand", () => {
  // depth 0, width 8, scale 2: stem 1→8, two residual blocks of two 8→8 convolutions, head 8→4, all 3×3 with bias.
  const shape = networkShape(createNetwork({ scale: 2, options: { width: 8, depth: 0 } }), { height: 10, width: 10 });
  const weights = 9 * 8 + 4 * 9 * 64 + 9 * 8 * 4;
  const biases = 8 + 4 * 8 + 4;
  assert.equal(shape.parameterCount, weights + biases);
  assert.equal(shape.flops, 100 * (2 * weights + biases));
  assert.equal(shape.parameters[0]!.name, "stem/weights");
  assert.deepEqual(shape.parameters[0]!.shape, [3, 3, 1, 8]);
});

test("the largest map is that of the widest layer, or what comes out where that is larger", () => {
  const largest = (scale: number, width: number) =>
    networkShape(createNetwork({ scale, options: { width, depth: 0 } }), { height: 10, width: 10 }).largestMap;
  assert.equal(largest(2, 24), 24 * 100);
  assert.equal(largest(6, 24), 36 * 100);
});

test("the default network stays small enough to train on a CPU", () => {
  const { parameterCount } = networkShape(createNetwork({}), { height: 32, width: 32 });
  assert.ok(parameterCount > 5e5 && parameterCount < 2e6, `${parameterCount}`);
});

test("a size off the grid is refused with the layer that cannot halve it", () => {
  assert.throws(
    () => networkShape(createNetwork({ options: { depth: 2 } }), { height: 34, width: 32 }),
    (error) => error instanceof PssrError && error.reason === "INVALID_FIELD" && /17 pixels.*grid/.test(error.message),
  );
});

const config = { family: "broken", scale: 1, frames: 1, options: {} };

test("a network whose layers do not fit is refused as a bad model", () => {
  const broken: Record<string, Network> = {
    "adds different channels": {
      config,
      build: <T>(ops: Ops<T>, x: T) => ops.add(conv(ops, "a", x, 2), conv(ops, "b", x, 3)),
    },
    "shares a name with another shape": {
      config,
      build: <T>(ops: Ops<T>, x: T) => conv(ops, "a", conv(ops, "a", x, 2), 1),
    },
    "gives two channels": { config, build: <T>(ops: Ops<T>, x: T) => conv(ops, "a", x, 2) },
    "shuffles channels it has not": { config, build: <T>(ops: Ops<T>, x: T) => ops.pixelShuffle(x, 2) },
    "takes frames it has not": { config, build: <T>(ops: Ops<T>, x: T) => ops.takeChannels(x, 1, 1) },
  };
  for (const [what, network] of Object.entries(broken)) {
    assert.throws(
      () => networkShape(network, { height: 8, width: 8 }),
      (error) => error instanceof PssrError && error.reason === "INVALID_MODEL",
      what,
    );
  }
});
