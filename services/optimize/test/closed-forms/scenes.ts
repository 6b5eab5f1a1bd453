/** Images without noise, and the same with the noise of known crappifiers. */
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import {
  crappify,
  type Levels,
  type PixelTile,
  type PixelType,
  type PixelTypes,
  parseCrappifier,
} from "@pssr/crappifiers";
import { decodeImage } from "@pssr/imaging";

export interface Scene<Dtype extends PixelType = PixelType> {
  dtype: Dtype;
  height: number;
  width: number;
  values: PixelTypes[Dtype];
  levels: Levels;
}

export const SIDE = 256;
const eightBits: Levels = { black: 0, white: 255 };
const twelveBits: Levels = { black: 100, white: 100 + 4080 };
const limits = { maxPixels: 1e6, maxBytes: 1e7 };

/** The middle of a slice of the example data. */
export function slice(number: string): Scene<"uint8"> {
  const path = resolve(import.meta.dirname, `../../../../examples/em-fibsem/train/iso.${number}.png`);
  const { pixels } = decodeImage(readFileSync(path), limits);
  const [height, width] = pixels.shape as [number, number];
  const [top, left] = [(height - SIDE) >> 1, (width - SIDE) >> 1];
  return drawn((y, x) => Number(pixels.data[(top + y) * width + left + x]));
}

/** From black to white. */
export const ramp = drawn((y, x) => (x * 255) / (SIDE - 1) + ((y * 7) % 5) / 5);

export function drawn(grey: (y: number, x: number) => number): Scene<"uint8"> {
  const values = Uint8Array.from({ length: SIDE * SIDE }, (_, n) =>
    Math.min(255, grey(Math.floor(n / SIDE), n % SIDE)),
  );
  return { dtype: "uint8", height: SIDE, width: SIDE, values, levels: eightBits };
}

/** The same on a scale of its own, as a camera of 12 bits above its pedestal gives it. */
export function deeper({ height, width, values }: Scene<"uint8">): Scene<"uint16"> {
  const { black } = twelveBits;
  return {
    dtype: "uint16",
    height,
    width,
    values: Uint16Array.from(values, (v) => black + 16 * v),
    levels: twelveBits,
  };
}

export function changed(scene: Scene<"uint8">, grey: (value: number) => number): Scene<"uint8"> {
  return { ...scene, values: scene.values.map(grey) };
}

/** Steps of the detector by their kind: `{ camera: { photons: 20 } }`. */
export type Noise = Record<string, Record<string, number>>;

export function degraded(scene: Scene, noise: Noise, seed: number): Scene {
  const detector = Object.entries(noise).map(([kind, parameters]) => ({
    kind,
    ...Object.fromEntries(Object.entries(parameters).map(([name, value]) => [name, { value }])),
  }));
  const crappifier = parseCrappifier({ sampling: { scale: 1, kernel: "POINT" }, detector }, "crappifier");
  const { dtype, height, width, values: data } = scene;
  const tile: PixelTile = { data, dtype, frames: 1, height, width };
  const key = { seed: BigInt(seed), image: "closed forms", tile: 0, epoch: 0 };
  return { ...scene, values: crappify(crappifier, tile, scene.levels, key).data };
}

/** How many of the ten seeds. */
export const seeds = Array.from({ length: 10 }, (_, n) => n + 1);
