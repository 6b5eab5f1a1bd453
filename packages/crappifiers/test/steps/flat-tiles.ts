/** Tiles of one grey value, in each data type, over the same range; and what a single step makes of them. */
import { crappify, type Levels, type PixelTile, type PixelType, parseCrappifier } from "@pssr/crappifiers";

/** Black, white and grey values of each data type for the same picture, in steps of 1/255 of the range. */
export const ranges: Record<PixelType, { levels: Levels; of(x: number): number; back(value: number): number }> = {
  uint8: range(0, 255),
  uint16: range(200, 200 + 16 * 255),
  float32: range(-0.5, 0.5),
};

function range(black: number, white: number) {
  const unit = (white - black) / 255;
  return {
    levels: { black, white, saturation: [-1e9, 1e9] } satisfies Levels,
    of: (x: number) => black + x * unit,
    back: (value: number) => (value - black) / unit,
  };
}

export const key = { seed: 11n, image: "flat", tile: 0, epoch: 0 };

/** What a chain of detector steps makes of a tile of one value, in 255ths of the range. */
export function degradeFlat(
  x: number,
  dtype: PixelType,
  detector: unknown[],
  { height = 3163, width = 3163, saturate = false } = {},
): Float32Array {
  const { levels, of, back } = ranges[dtype];
  const arrays = { uint8: Uint8Array, uint16: Uint16Array, float32: Float32Array };
  const data = new arrays[dtype](height * width).fill(of(x));
  const hr = { data, dtype, frames: 1, height, width } as PixelTile;
  const crappifier = parseCrappifier({ sampling: { scale: 1 }, detector }, "crappifier");
  const own: Levels = saturate ? { black: levels.black, white: levels.white } : levels;
  return Float32Array.from(crappify(crappifier, hr, own, key).data, back);
}
