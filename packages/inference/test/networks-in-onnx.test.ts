/** What the ONNX writer and the receptive field promise, on the real runtime. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { InferencePool, type PixelTensor } from "@pssr/inference";
import { createNetwork, initialWeights, type Network, type NetworkRequest, receptiveField } from "@pssr/networks";
import { type PlainMap, PlainOps, plainMap } from "./plain-ops.js";
import { image, modelOf, trainedWeights } from "./sample-models.js";

const pool = new InferencePool();
after(() => pool.close());

function toPlain({ shape, data }: PixelTensor): PlainMap {
  const [, channels, height, width] = shape as [number, number, number, number];
  return { channels, height, width, values: Float64Array.from(data) };
}

function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  assert.equal(a.length, b.length);
  let largest = 0;
  for (let i = 0; i < a.length; i++) largest = Math.max(largest, Math.abs(a[i]! - b[i]!));
  return largest;
}

const requests: NetworkRequest[] = [
  { scale: 4, options: { width: 8, depth: 2 } },
  { scale: 3, frames: 3, options: { width: 8, depth: 1, blocks: 2 } },
  { scale: 2, frames: 5, options: { width: 8, depth: 0 } },
  { scale: 1, frames: 3, options: { width: 8, depth: 3 } },
  { scale: 1, options: { width: 8, depth: 1 } },
];

for (const request of requests) {
  const name = `scale ${request.scale}, ${request.frames ?? 1} frames, depth ${request.options?.depth}`;
  test(`the ONNX graph computes what the operations define: ${name}`, async () => {
    const network = createNetwork(request);
    const weights = trainedWeights(network, 2);
    const { grid } = receptiveField(network);
    const { scale, frames } = network.config;
    const input = image(frames, grid * 3, grid * 5);
    const output = await pool.run(modelOf(network, weights), input);
    const expected = network.build<PlainMap>(new PlainOps(weights), toPlain(input));
    assert.deepEqual(output.shape, [1, 1, grid * 3 * scale, grid * 5 * scale]);
    assert.ok(largestDifference(output.data, expected.values) < 1e-5);
    // The network must do something, or agreement says nothing.
    const untrained = await pool.run(modelOf(network, initialWeights(network, 2)), input);
    assert.ok(largestDifference(output.data, untrained.data) > 0.05);
  });
}

test("an untrained compact network is bilinear enlargement of the centre frame", async () => {
  const network = createNetwork({ frames: 3 });
  const input = image(3, 20, 28);
  const output = await pool.run(modelOf(network, initialWeights(network, 9)), input);
  const centre = plainMap(1, 20, 28, (_, row, col) => input.data[20 * 28 + row * 28 + col]!);
  const expected = new PlainOps(new Map()).upsampleBilinear(centre, 4);
  assert.ok(largestDifference(output.data, expected.values) < 1e-6);
});

test("a batch gives the same as its images one by one", async () => {
  const network = createNetwork({ options: { width: 16 } });
  const model = modelOf(network, trainedWeights(network, 3));
  const [a, b] = [image(1, 16, 24, 1), image(1, 16, 24, 2)];
  const both = await pool.run(model, { shape: [2, 1, 16, 24], data: Float32Array.of(...a.data, ...b.data) });
  const [one, other] = [await pool.run(model, a), await pool.run(model, b)];
  assert.deepEqual(both.shape, [2, 1, 64, 96]);
  assert.ok(largestDifference(both.data, [...one.data, ...other.data]) < 1e-5);
});

/** The part of one image's channels at rows [top, bottom) and columns [left, right). */
function crop({ shape, data }: PixelTensor, top: number, bottom: number, left: number, right: number): PixelTensor {
  const [, channels, height, width] = shape as [number, number, number, number];
  const part = plainMap(channels, bottom - top, right - left, (c, row, col) => {
    return data[(c * height + top + row) * width + left + col]!;
  });
  return { shape: [1, channels, part.height, part.width], data: Float32Array.from(part.values) };
}

interface Cut {
  readonly top: number;
  readonly left: number;
  /** Side of the square to know. */
  readonly core: number;
  readonly halo: number;
}

/** The largest difference, on the core, between the network on a tile and on the whole square image. */
async function tileError(network: Network, side: number, { top, left, core, halo }: Cut): Promise<number> {
  const { scale, frames } = network.config;
  const model = modelOf(network, trainedWeights(network, 4));
  const input = image(frames, side, side);
  const whole = await pool.run(model, input);
  const [y0, x0] = [Math.max(0, top - halo), Math.max(0, left - halo)];
  const [y1, x1] = [Math.min(side, top + core + halo), Math.min(side, left + core + halo)];
  const tile = await pool.run(model, crop(input, y0, y1, x0, x1));
  const [y, x] = [(top - y0) * scale, (left - x0) * scale];
  const ours = crop(tile, y, y + core * scale, x, x + core * scale);
  const theirs = crop(whole, top * scale, (top + core) * scale, left * scale, (left + core) * scale);
  return largestDifference(ours.data, theirs.data);
}

const tiled: NetworkRequest[] = [
  {},
  { scale: 3, frames: 3, options: { width: 16, depth: 1 } },
  { scale: 1, options: { depth: 0 } },
];

for (const request of tiled) {
  test(`tiles on the grid with the halo equal the whole image: ${JSON.stringify(request)}`, async () => {
    const network = createNetwork(request);
    const { halo, grid } = receptiveField(network);
    assert.ok(typeof halo === "number");
    const core = 8 * grid;
    const side = 4 * core;
    for (let top = 0; top < side; top += core) {
      for (let left = 0; left < side; left += core) {
        const error = await tileError(network, side, { top, left, core, halo });
        assert.ok(error < 1e-4, `${error} at ${top}, ${left}`);
      }
    }
    assert.ok((await tileError(network, side, { top: core, left: core, core, halo: 0 })) > 1e-3, "without halo");
  });
}

test("a tile off the grid differs although it has the halo", async () => {
  const { halo } = receptiveField(createNetwork({}));
  assert.ok(typeof halo === "number");
  const error = await tileError(createNetwork({}), 128, { top: halo + 1, left: halo + 1, core: 32, halo });
  assert.ok(error > 1e-3, `${error}`);
});
