import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import test from "node:test";
import { Worker } from "node:worker_threads";
import { PssrError } from "@pssr/api";
import {
  type Crappifier,
  crappify,
  defaultCrappifier,
  type Levels,
  type PixelTile,
  parseCrappifier,
  pixelVersion,
} from "@pssr/crappifiers";
import type { NoiseWork } from "./noise-worker.js";
import { moments, poissonDeviation } from "./random/goodness-of-fit.js";

const BYTES: Levels = { black: 0, white: 255 };
const key = { seed: 9n, image: "scan", tile: 0, epoch: 0 };

function noise(...detector: unknown[]): Crappifier {
  return parseCrappifier({ sampling: { scale: 1 }, detector }, "crappifier");
}

const poisson = (value: number, spread = 0) => ({ kind: "poisson", mix: { value, spread } });
const gaussian = (mean: number, sigma: number, spread = 0) => ({
  kind: "gaussian",
  mean: { value: mean },
  sigma: { value: sigma, spread },
});

function flat(grey: number, frames = 1, side = 1000): PixelTile<"uint8"> {
  const data = new Uint8Array(frames * side * side).fill(grey);
  return { data, dtype: "uint8", frames, height: side, width: side };
}

function ramp(side: number, frames = 1): PixelTile<"uint8"> {
  const data = Uint8Array.from({ length: frames * side * side }, (_, n) => (n * 7 + (n >> 6) * 3) % 256);
  return { data, dtype: "uint8", frames, height: side, width: side };
}

test("a million pixels of each data type follow the Poisson distribution of their grey value", () => {
  for (const photons of [3, 40, 120]) {
    const byte = crappify(noise(poisson(1)), flat(photons), BYTES, key);
    assert.ok(Math.abs(poissonDeviation(byte.data, photons)) < 4);

    const twelveBit = new Uint16Array(1e6).fill(200 + photons * 15);
    const hr = { data: twelveBit, dtype: "uint16", frames: 1, height: 1000, width: 1000 } as const;
    const word = crappify(noise(poisson(1)), hr, { black: 200, white: 200 + 255 * 15 }, key);
    assert.ok(
      Math.abs(
        poissonDeviation(
          word.data.map((grey) => (grey - 200) / 15),
          photons,
        ),
      ) < 4,
    );

    const real = new Float32Array(1e6).fill(photons / 256 - 0.5);
    const float = crappify(
      noise(poisson(1)),
      { ...hr, data: real, dtype: "float32" },
      { black: -0.5, white: 255 / 256 - 0.5 },
      key,
    );
    assert.ok(
      Math.abs(
        poissonDeviation(
          float.data.map((grey) => (grey + 0.5) * 256),
          photons,
        ),
      ) < 4,
    );
  }
});

test("Gaussian noise has its mean and deviation in each data type", () => {
  const shape = { frames: 1, height: 1000, width: 1000 };
  const chain = noise(gaussian(5, 10));
  const byte = crappify(chain, flat(100), BYTES, key).data;
  const twelveBit = { ...shape, data: new Uint16Array(1e6).fill(1600), dtype: "uint16" } as const;
  const word = crappify(chain, twelveBit, { black: 0, white: 4080 }, key).data;
  const unit = { ...shape, data: new Float32Array(1e6).fill(100 / 255), dtype: "float32" } as const;
  const real = crappify(chain, unit, { black: 0, white: 1 }, key).data;
  const seen: [pixels: Float64Array, rounding: number][] = [
    [Float64Array.from(byte), 1 / 12],
    [Float64Array.from(word, (grey) => grey / 16), 1 / 12 / 16 ** 2],
    [Float64Array.from(real, (grey) => grey * 255), 0],
  ];
  for (const [pixels, rounding] of seen) {
    const { mean, variance } = moments(pixels);
    assert.ok(Math.abs(mean - 105) < 4 * Math.sqrt(100 / 1e6), `mean ${mean}`);
    assert.ok(Math.abs(variance - 100 - rounding) < 4 * 100 * Math.sqrt(2 / 1e6), `variance ${variance}`);
  }
});

interface Histogram {
  /** The smallest value, and how often it and those after it came. */
  first: number;
  counts: number[];
}

interface Golden {
  samples: number;
  chains: {
    steps: ({ kind: string } & Record<string, number | string>)[];
    greys: { grey: number; mean: number; variance: number; histogram: Histogram }[];
  }[];
  blurred: { side: number; sigma: number; pixels: number[] };
  sampled: { side: number; scale: number; pixels: number[] };
}

const golden = JSON.parse(readFileSync(new URL("../test/golden/pssr2.json", import.meta.url), "utf8")) as Golden;

for (const { steps, greys } of golden.chains) {
  test(`mean, variance and histogram are those of PSSR2: ${JSON.stringify(steps)}`, () => {
    const chain = noise(
      ...steps.map(({ kind, ...parameters }) => {
        const values = Object.entries(parameters).map(([name, value]) => [name, { value }]);
        return { kind, ...Object.fromEntries(values) };
      }),
    );
    for (const { grey, mean, variance, histogram } of greys) {
      const pixels = crappify(chain, flat(grey), BYTES, key).data;
      const ours = moments(pixels);
      // Both are samples: five standard errors of the difference, with the kurtosis that was seen for the variance.
      const share = 1 / golden.samples + 1e-6;
      const meanError = 5 * Math.sqrt(variance * share) + 1e-12;
      const varianceError = 5 * variance * Math.sqrt(Math.max(ours.kurtosis - 1, 0) * share) + 1e-12;
      assert.ok(Math.abs(ours.mean - mean) <= meanError, `grey ${grey}: mean ${ours.mean}, PSSR2 ${mean}`);
      const seen = `grey ${grey}: variance ${ours.variance}, PSSR2 ${variance}`;
      assert.ok(variance === ours.variance || Math.abs(ours.variance - variance) <= varianceError, seen);
      const deviation = histogramDeviation(pixels, histogram);
      assert.ok(deviation < 4.5, `grey ${grey}: the histograms differ by ${deviation} standard deviations`);
    }
  });
}

/** Pearson's chi-square of two samples, rare values pooled, as its deviation in standard deviations. */
function histogramDeviation(pixels: Uint8Array, { first, counts }: Histogram): number {
  const ours = new Float64Array(256);
  for (const value of pixels) ours[value]! += 1;
  const theirs = new Float64Array(256);
  theirs.set(counts, first);
  const ratio = pixels.length / theirs.reduce((sum, count) => sum + count, 0);
  let chiSquare = 0;
  let cells = 0;
  let [pooledOurs, pooledTheirs] = [0, 0];
  for (let value = 0; value < 256; value++) {
    pooledOurs += ours[value]!;
    pooledTheirs += theirs[value]!;
    if (pooledTheirs < 20 || pooledOurs < 20) continue;
    chiSquare += (pooledOurs - ratio * pooledTheirs) ** 2 / (ratio * (pooledOurs + pooledTheirs));
    cells++;
    [pooledOurs, pooledTheirs] = [0, 0];
  }
  const degrees = Math.max(1, cells - 1);
  return (chiSquare - degrees) / Math.sqrt(2 * degrees);
}

/** The script's picture. */
function picture(side: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length: side * side }, (_, n) => {
    const row = Math.floor(n / side);
    const column = n % side;
    return (row * row * 3 + column * 7 + ((row * column) % 31) * 5) % 256;
  });
}

test("blur is PSSR2's", () => {
  const { side, sigma, pixels } = golden.blurred;
  const data = Float32Array.from(picture(side));
  const chain = noise({ kind: "gaussian_blur", sigma: { value: sigma } });
  const blurred = crappify(chain, { data, dtype: "float32", frames: 1, height: side, width: side }, BYTES, key).data;
  blurred.forEach((value, n) => assert.ok(Math.abs(value - pixels[n]!) < 2e-3, `${value}, PSSR2 ${pixels[n]}`));
});

test("uint8, 12 bits in uint16 and float32 give the same picture", () => {
  const crappifier = parseCrappifier({ sampling: { scale: 2 }, detector: [poisson(1), gaussian(0, 6)] }, "crappifier");
  const hr = ramp(256);
  const shape = { frames: 1, height: 256, width: 256 };
  const byte = crappify(crappifier, hr, BYTES, key).data;
  const word = crappify(
    crappifier,
    { ...shape, data: Uint16Array.from(hr.data, (v) => 100 + 16 * v), dtype: "uint16" },
    { black: 100, white: 4180 },
    key,
  ).data;
  const real = crappify(
    crappifier,
    { ...shape, data: Float32Array.from(hr.data, (v) => v / 255), dtype: "float32" },
    { black: 0, white: 1 },
    key,
  ).data;
  const pictures = [
    Float64Array.from(byte),
    Float64Array.from(word, (v) => (v - 100) / 16),
    Float64Array.from(real, (v) => v * 255),
  ];
  const [first, ...others] = pictures.map(moments);
  for (const other of others) {
    assert.ok(Math.abs(other.mean - first!.mean) < 0.6, `${other.mean} and ${first!.mean}`);
    assert.ok(Math.abs(other.variance / first!.variance - 1) < 0.02, `${other.variance} and ${first!.variance}`);
  }
});

test("sampling is Pillow's, to the byte", () => {
  const { side, scale, pixels } = golden.sampled;
  const data = picture(side);
  const crappifier = parseCrappifier({ sampling: { scale } }, "crappifier");
  const hr: PixelTile = { data, dtype: "uint8", frames: 1, height: side, width: side };
  const low = crappify(crappifier, hr, BYTES, key);
  assert.deepEqual([low.height, low.width, low.frames], [side / scale, side / scale, 1]);
  assert.deepEqual([...low.data], pixels);
});

test("the spread is a normal draw per tile, held at the parameter's bound", () => {
  const side = 64;
  const hr: PixelTile = {
    data: new Float32Array(side * side).fill(0),
    dtype: "float32",
    frames: 1,
    height: side,
    width: side,
  };
  const levels: Levels = { black: 0, white: 255, saturation: [-1e6, 1e6] };
  const sigmas = (value: number, spread: number) =>
    Float64Array.from({ length: 2000 }, (_, tile) => {
      const { data } = crappify(noise(gaussian(0, value, spread)), hr, levels, { ...key, tile });
      return Math.sqrt(moments(data).variance);
    });
  const drawn = moments(sigmas(50, 5));
  assert.ok(Math.abs(drawn.mean - 50) < (4 * 5) / Math.sqrt(2000), `mean ${drawn.mean}`);
  // To the draw's variance of 25 comes the error of a deviation from 4096 pixels: 50²/8192.
  assert.ok(Math.abs(drawn.variance - 25.3) < 4 * 25.3 * Math.sqrt(2 / 2000), `variance ${drawn.variance}`);
  const clamped = sigmas(1, 1).filter((sigma) => sigma === 0).length;
  assert.ok(
    Math.abs(clamped - 2000 * 0.1587) < 4 * Math.sqrt(2000 * 0.1587 * 0.8413),
    `${clamped} tiles without noise`,
  );
});

test("frames share the parameters of their tile, but not the noise", () => {
  const frames = 3;
  const { data } = crappify(noise(gaussian(0, 20, 10)), flat(128, frames, 200), BYTES, key);
  const planes = Array.from({ length: frames }, (_, frame) => data.slice(frame * 40000, (frame + 1) * 40000));
  const variances = planes.map((plane) => moments(plane).variance);
  for (const variance of variances) assert.ok(Math.abs(variance / variances[0]! - 1) < 0.05);
  const covariance = planes[0]!.reduce((sum, value, n) => sum + (value - 128) * (planes[1]![n]! - 128), 0) / 40000;
  assert.ok(Math.abs(covariance) < (4 * variances[0]!) / 200);
});

test("tiles come out the same in any order and from any number of worker threads", async () => {
  const crappifier = parseCrappifier(
    {
      optics: [gaussian(0, 2, 1)],
      sampling: { scale: 4 },
      detector: [poisson(0.8, 0.2), gaussian(0, 3, 1), poisson(1)],
    },
    "crappifier",
  );
  const hr = ramp(128, 2);
  const tiles = [0, 1, 2, 3, 4, 5, 6, 7];
  const alone = new Map(
    tiles.toReversed().map((tile) => [tile, crappify(crappifier, hr, BYTES, { ...key, tile }).data]),
  );
  const shared = new Map<number, Uint8Array>();
  const parts = [
    tiles.filter((tile) => tile % 3 === 0),
    tiles.filter((tile) => tile % 3 === 1),
    tiles.filter((tile) => tile % 3 === 2),
  ];
  await Promise.all(
    parts.map(async (part) => {
      const workerData: NoiseWork = { crappifier, hr, levels: BYTES, tiles: part };
      const worker = new Worker(new URL("./noise-worker.js", import.meta.url), { workerData });
      worker.on("message", ([tile, data]: [number, Uint8Array]) => shared.set(tile, data));
      await once(worker, "exit");
    }),
  );
  for (const tile of tiles) assert.deepEqual(shared.get(tile), alone.get(tile));
  assert.equal(new Set([...alone.values()].map((data) => data.join())).size, tiles.length);
});

test("values are held at the saturation levels: black and white unless others are named", () => {
  const hr = flat(200, 1, 64);
  const held = crappify(noise(gaussian(0, 120)), hr, { black: 20, white: 210 }, key).data;
  assert.deepEqual([Math.min(...held), Math.max(...held)], [20, 210]);
  const free = crappify(noise(gaussian(0, 120)), hr, { black: 20, white: 210, saturation: [0, 255] }, key).data;
  assert.equal(Math.max(...free), 255);
});

test("8-bit pixels that a step leaves alone are held within the saturation levels too", () => {
  const low = crappify(noise(poisson(0)), ramp(16), { black: 0, white: 255, saturation: [20, 100] }, key);
  assert.deepEqual([Math.min(...low.data), Math.max(...low.data)], [20, 100]);
  const untouched = crappify(noise(poisson(0)), ramp(16), { black: 0, white: 255 }, key);
  assert.deepEqual(untouched.data, ramp(16).data);
});

test("halves are rounded to even, as NumPy rounds", () => {
  const hr = { data: Uint8Array.of(1, 2, 3, 4), dtype: "uint8", frames: 1, height: 1, width: 4 } as const;
  assert.deepEqual(
    [...crappify(noise({ kind: "gaussian", mean: { value: 0.5 }, sigma: { value: 0 } }), hr, BYTES, key).data],
    [2, 2, 4, 4],
  );
});

test("the result is written where the caller says", () => {
  const out = new Uint8Array(32 * 32);
  const low = crappify(defaultCrappifier, ramp(128), BYTES, key, out);
  assert.equal(low.data, out);
  assert.deepEqual(out, crappify(defaultCrappifier, ramp(128), BYTES, key).data);
});

test("the bytes of the default crappifier never change between releases that have the same version of pixels", () => {
  assert.equal(pixelVersion, 1);
  assert.deepEqual(
    [...crappify(defaultCrappifier, ramp(16), BYTES, key).data],
    [135, 106, 110, 106, 120, 130, 132, 113, 164, 138, 115, 161, 153, 149, 137, 124],
  );
});

test("the bytes of every kind of sampler never change, between releases and between engines", () => {
  // Over the table, small counts, and the ziggurat with its tail: 300,000 numbers in all.
  const crappifier = parseCrappifier(
    {
      optics: [gaussian(2, 9, 2), poisson(0.7, 0.1)],
      sampling: { scale: 2 },
      detector: [poisson(1), gaussian(0, 3, 1)],
    },
    "crappifier",
  );
  const digest = createHash("sha256");
  const hr = ramp(256);
  digest.update(crappify(noise(poisson(1), gaussian(0, 5)), hr, BYTES, key).data);
  digest.update(crappify(crappifier, hr, BYTES, key).data);
  assert.equal(digest.digest("hex"), "a6a5bed5eab07dcf87e6bfbd5977b0370d89a4da06a3067423b5ce62ebe63c20");
});

const wrong: [name: string, reason: string, field: string | undefined, call: () => unknown][] = [
  [
    "a tile that the scale does not divide",
    "INVALID_FIELD",
    "crappifier.sampling.scale",
    () => crappify(defaultCrappifier, ramp(130), BYTES, key),
  ],
  [
    "white below black",
    "INVALID_FIELD",
    "levels",
    () => crappify(defaultCrappifier, ramp(16), { black: 5, white: 5 }, key),
  ],
  [
    "white that is no number",
    "INVALID_FIELD",
    "levels",
    () => crappify(defaultCrappifier, ramp(16), { black: 0, white: Number.NaN }, key),
  ],
  [
    "saturation upside down",
    "INVALID_FIELD",
    "levels.saturation",
    () => crappify(defaultCrappifier, ramp(16), { ...BYTES, saturation: [3, 2] }, key),
  ],
  [
    "a negative tile",
    "INVALID_FIELD",
    "tile",
    () => crappify(defaultCrappifier, ramp(16), BYTES, { ...key, tile: -1 }),
  ],
  [
    "pixels missing",
    "SHAPE_MISMATCH",
    undefined,
    () => crappify(defaultCrappifier, { ...ramp(16), height: 32 }, BYTES, key),
  ],
  ["no frames", "SHAPE_MISMATCH", undefined, () => crappify(defaultCrappifier, { ...ramp(16), frames: 0 }, BYTES, key)],
  [
    "an out of the wrong size",
    "SHAPE_MISMATCH",
    undefined,
    () => crappify(defaultCrappifier, ramp(16), BYTES, key, new Uint8Array(17)),
  ],
];

for (const [name, reason, field, call] of wrong) {
  test(`${name} is a typed error`, () => {
    assert.throws(call, (error) => error instanceof PssrError && error.reason === reason && error.field === field);
  });
}
