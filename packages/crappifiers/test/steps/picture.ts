/** Small pictures in floating point, from 0 at black to 255 at white, and what one step makes of them. */
import { type Calibration, crappify, type PixelTile, parseCrappifier } from "@pssr/crappifiers";

export interface Picture {
  height: number;
  width: number;
  data: Float32Array;
}

export function picture(height: number, width: number, value: (y: number, x: number) => number): Picture {
  const data = Float32Array.from({ length: height * width }, (_, n) => value(Math.floor(n / width), n % width));
  return { height, width, data };
}

export function degrade(
  { height, width, data }: Picture,
  step: object,
  { tile = 0, frames = 1, calibration = {} as Partial<Calibration> } = {},
): Float32Array {
  const crappifier = parseCrappifier({ sampling: { scale: 1 }, detector: [step] }, "crappifier");
  const hr: PixelTile = { data, dtype: "float32", frames, height: height / frames, width };
  const levels = { black: 0, white: 255, saturation: [-1e6, 1e6] as const, ...calibration };
  return crappify(crappifier, hr, levels, { seed: 3n, image: "picture", tile, epoch: 0 }).data as Float32Array;
}
