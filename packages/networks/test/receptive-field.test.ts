import assert from "node:assert/strict";
import { test } from "node:test";
import { conv, createNetwork, type Network, type Ops, receptiveField } from "@pssr/networks";

function custom(scale: number, build: <T>(ops: Ops<T>, x: T) => T): Network {
  return { config: { family: "custom", scale, frames: 1, options: {} }, build };
}

test("halo and grid of small networks are as by hand", () => {
  // Two 3×3 convolutions reach two pixels.
  const flat = custom(1, (ops, x) => conv(ops, "b", conv(ops, "a", x, 4), 1));
  assert.deepEqual(receptiveField(flat), { halo: 2, grid: 1 });
  // A 2×2 convolution with stride 2 reaches within its grid cell only.
  const cell = custom(1, (ops, x) => ops.pixelShuffle(conv(ops, "a", x, 4, { kernel: 2, stride: 2 }), 2));
  assert.deepEqual(receptiveField(cell), { halo: 0, grid: 2 });
  // A 3×3 convolution on the halved map reaches one of its pixels: two of the input's.
  const halved = custom(1, (ops, x) => {
    const small = conv(ops, "b", conv(ops, "a", x, 4, { kernel: 2, stride: 2 }), 4);
    return ops.pixelShuffle(small, 2);
  });
  assert.deepEqual(receptiveField(halved), { halo: 2, grid: 2 });
  // Half-pixel bilinear reaches the next pixel; a 3×3 convolution behind a fourfold shuffle reaches into the next.
  assert.deepEqual(receptiveField(custom(3, (ops, x) => ops.upsampleBilinear(x, 3))), { halo: 1, grid: 1 });
  const late = custom(4, (ops, x) => conv(ops, "b", ops.pixelShuffle(conv(ops, "a", x, 16), 4), 1));
  assert.deepEqual(receptiveField(late), { halo: 2, grid: 1 });
});

test("the default network has a halo of 16 and a grid of 2", () => {
  // stem 1, down0 2, bottom 4·2, up0 2 and head 1 make 14, which after rounding up to whole pixels of the halved map is 15,
  // and to the grid 16.
  assert.deepEqual(receptiveField(createNetwork({})), { halo: 16, grid: 2 });
});

test("deep stacks of residual blocks are asked once per layer, not once per path", () => {
  const network = createNetwork({ options: { width: 8, blocks: 16, depth: 4 } });
  const { halo, grid } = receptiveField(network);
  assert.equal(grid, 16);
  assert.ok(typeof halo === "number" && halo % 16 === 0 && halo > 1000, `${halo}`);
});
