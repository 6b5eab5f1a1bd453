import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, test } from "node:test";
import { isPssrError } from "@pssr/api";
import { InferencePool } from "@pssr/inference";
import { type NetworkRequest, receptiveField, writeOnnx } from "@pssr/networks";
import { type RegionNetwork, type RegionSource, restoreRegion } from "../../dist/regions/restore-region.js";
import { ceilTo } from "../../dist/tiling/box.js";
import { regionGrid } from "../../dist/tiling/regions.js";
import { noise } from "../fixtures/noise.js";
import { randomNetwork } from "../fixtures/random-network.js";

const pool = new InferencePool({ workers: 2, threadsPerWorker: 1 });
after(() => pool.close());
const { signal } = new AbortController();

/** `compact` with random weights, none of them zero, through ONNX Runtime. */
function compactNetwork(request: NetworkRequest): RegionNetwork {
  const { network, weights } = randomNetwork(request);
  const onnx = writeOnnx(network, weights);
  const digest = createHash("sha256").update(onnx).digest("hex");
  const { halo, grid } = receptiveField(network);
  assert.ok(halo !== "unbounded");
  return {
    scale: network.config.scale,
    halo,
    grid,
    levels: { black: 0, white: 1 },
    async run(data, height, width, options) {
      const model = { digest, load: async () => onnx };
      return (await pool.run(model, { shape: [1, 1, height, width], data }, options)).data;
    },
  };
}

function floatImage(shape: number[]): RegionSource & { data: Float32Array } {
  const [height, width] = shape.slice(-2) as [number, number];
  const data = noise(
    shape.reduce((product, side) => product * side, 1),
    5,
  );
  return {
    data,
    shape,
    dtype: "float32",
    levels: { black: -1, white: 1 },
    async read(box) {
      const plane = shape.length === 3 ? box.start[0]! : 0;
      const [y, x] = box.start.slice(-2) as [number, number];
      const [rows, columns] = box.shape.slice(-2) as [number, number];
      const result = new Float32Array(rows * columns);
      for (let row = 0; row < rows; row++) {
        const from = (plane * height + y + row) * width + x;
        assert.ok(y + row < height && x + columns <= width, "reads stay within the image");
        result.set(data.subarray(from, from + columns), row * columns);
      }
      return result;
    },
  };
}

/** The same image at once: padded to the grid by repeating the last row and column, one run, cropped. */
async function wholeImage(image: ReturnType<typeof floatImage>, network: RegionNetwork): Promise<Float32Array> {
  const [height, width] = image.shape as [number, number];
  const [rows, columns] = [ceilTo(height, network.grid), ceilTo(width, network.grid)];
  const input = Float32Array.from({ length: rows * columns }, (_, i) => {
    const y = Math.min(Math.floor(i / columns), height - 1);
    const x = Math.min(i % columns, width - 1);
    return (image.data[y * width + x]! + 1) / 2;
  });
  const output = await network.run(input, rows, columns, { signal });
  const outputWidth = width * network.scale;
  return Float32Array.from({ length: height * network.scale * outputWidth }, (_, i) => {
    const y = Math.floor(i / outputWidth);
    return output[y * columns * network.scale + (i % outputWidth)]! * 2 - 1;
  });
}

async function tiled(
  image: RegionSource,
  network: RegionNetwork,
  shard: number,
  tileSize: number,
): Promise<Float32Array> {
  const shape = image.shape.map((side) => side * network.scale);
  const result = new Float32Array(shape[0]! * shape[1]!);
  const regions = regionGrid(shape, [shard, shard]);
  for (let index = 0; index < regions.count; index++) {
    const region = regions.box(index);
    const { pixels } = await restoreRegion(region, image, network, { signal, tileSize, tilesInFlight: 3 });
    const [rows, columns] = region.shape as [number, number];
    for (let row = 0; row < rows; row++) {
      const to = (region.start[0]! + row) * shape[1]! + region.start[1]!;
      result.set((pixels as Float32Array).subarray(row * columns, (row + 1) * columns), to);
    }
  }
  return result;
}

for (const [name, request, sides, shard, tileSize] of [
  ["×4, odd sides", { scale: 4, options: { width: 8, depth: 2 } }, [203, 171], 256, 64],
  ["×4, sides below a tile and below the grid", { scale: 4, options: { width: 8, depth: 2 } }, [7, 3], 256, 64],
  ["×3, regions off the grid", { scale: 3, options: { width: 8, depth: 1 } }, [131, 90], 128, 32],
  ["×1, deep", { scale: 1, options: { width: 8, depth: 3 } }, [301, 290], 128, 64],
] as const) {
  test(`tile by tile equals the whole image: ${name}`, async () => {
    const network = compactNetwork(request);
    const image = floatImage([...sides]);
    const whole = await wholeImage(image, network);
    const parts = await tiled(image, network, shard, tileSize);
    assert.equal(parts.length, whole.length);
    const difference = parts.reduce((most, value, i) => Math.max(most, Math.abs(value - whole[i]!)), 0);
    const range = whole.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    assert.ok(range > 0.1, "the network does something");
    assert.ok(difference < 1e-4 * Math.max(1, range), `differs by ${difference} of ${range}`);
  });
}

test("a halo that is too small is noticed by the comparison", async () => {
  const network = compactNetwork({ scale: 4, options: { width: 8, depth: 2 } });
  const image = floatImage([203, 171]);
  const whole = await wholeImage(image, network);
  const parts = await tiled(image, { ...network, halo: 4 }, 256, 64);
  const difference = parts.reduce((most, value, i) => Math.max(most, Math.abs(value - whole[i]!)), 0);
  assert.ok(difference > 1e-3, `differs by ${difference} only`);
});

test("a stack is restored plane by plane", async () => {
  const network = compactNetwork({ scale: 2, options: { width: 8, depth: 1 } });
  const stack = floatImage([3, 40, 30]);
  const region = { start: [1, 0, 0], shape: [2, 80, 60] };
  const { pixels } = await restoreRegion(region, stack, network, { signal, tileSize: 64, tilesInFlight: 1 });
  const last = { ...floatImage([40, 30]), data: stack.data.subarray(2 * 40 * 30) };
  const expected = await wholeImage(last, network);
  const difference = expected.reduce((most, v, i) => Math.max(most, Math.abs(v - pixels[80 * 60 + i]!)), 0);
  assert.ok(difference < 1e-4, `differs by ${difference}`);
});

test("an abort ends a region between two tiles", async () => {
  const network = compactNetwork({ scale: 2, options: { width: 8, depth: 1 } });
  const abort = new AbortController();
  let tiles = 0;
  const onTile = () => {
    if (++tiles === 2) abort.abort();
  };
  const options = { signal: abort.signal, tileSize: 16, tilesInFlight: 1, onTile };
  const region = { start: [0, 0], shape: [256, 256] };
  await assert.rejects(
    restoreRegion(region, floatImage([128, 128]), network, options),
    (error) => abort.signal.aborted && (error === abort.signal.reason || isPssrError(error, "CANCELLED")),
  );
  assert.equal(tiles, 2);
});
