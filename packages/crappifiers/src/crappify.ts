/**
 * Runs a crappifier on one tile: optics on the high-resolution grid, sampling, detector on the low-resolution grid.
 *
 * Without optics, sampling works on the image's own data type and rounds to it, as PSSR2 does through Pillow; with
 * optics it works in float32. After each step values are clipped to the saturation levels, as PSSR2 clips to 0…255;
 * at the end they are rounded (half to even) and clipped to the image's data type.
 */
import { PssrError } from "@pssr/api";
import { type PixelTile, type PixelType, type PixelTypes, pixelArrays } from "./pixel-tile.js";
import type { NoiseKey } from "./random/noise-key.js";
import type { Crappifier } from "./spec.js";
import type { Calibration, Levels } from "./step.js";
import { TileCrappifier } from "./tile-crappifier.js";

/**
 * The low-resolution tile of `hr`: the same frames and data type, height and width divided by the scale. The bytes
 * depend on the arguments alone, and noise is independent between frames, tiles, epochs, images, seeds and steps.
 *
 * @param crappifier A specification that `parseCrappifier` has checked, and `checkFit` for tiles of this size.
 * @param out Where to write the pixels; by default a new array.
 * @throws PssrError INVALID_FIELD when the scale does not divide the tile, or levels or key make no sense;
 *   SHAPE_MISMATCH when `hr.data` or `out` does not hold as many pixels as the shape says, or is of another type.
 */
export function crappify<Dtype extends PixelType>(
  crappifier: Crappifier,
  hr: PixelTile<Dtype>,
  calibration: Calibration,
  key: NoiseKey,
  out?: PixelTile<Dtype>["data"],
): PixelTile<Dtype> {
  const { scale } = crappifier.sampling;
  checkTile(hr, scale);
  checkLevels(calibration);
  checkKey(key);
  const { dtype, frames } = hr;
  const height = hr.height / scale;
  const width = hr.width / scale;
  const data = out ?? new pixelArrays[dtype](frames * height * width);
  checkPixels("out", data, dtype, frames * height * width);

  const tile = new TileCrappifier(crappifier, hr, calibration, key);
  const [from, to] = [hr.height * hr.width, height * width];
  for (let frame = 0; frame < frames; frame++) {
    const high = hr.data.subarray(frame * from, (frame + 1) * from) as PixelTypes[Dtype];
    const low = data.subarray(frame * to, (frame + 1) * to) as PixelTypes[Dtype];
    tile.crappify(frame, { first: 0, count: height }, high, low);
  }
  return { data, dtype, frames, height, width };
}

function checkTile({ data, dtype, frames, height, width }: PixelTile, scale: number): void {
  if (![frames, height, width].every((size) => Number.isSafeInteger(size) && size > 0)) {
    throw new PssrError("SHAPE_MISMATCH", `a tile of ${frames} frames of ${height}×${width} has no pixels`);
  }
  checkPixels("hr", data, dtype, frames * height * width);
  if (height % scale !== 0 || width % scale !== 0) {
    throw new PssrError(
      "INVALID_FIELD",
      `the scale ${scale} does not divide the tile of ${height}×${width}; use sides that are multiples of ${scale}`,
      { field: "crappifier.sampling.scale" },
    );
  }
}

function checkPixels(name: string, data: PixelTile["data"], dtype: PixelType, pixels: number): void {
  if (data instanceof pixelArrays[dtype] && data.length === pixels) return;
  throw new PssrError("SHAPE_MISMATCH", `${name} holds ${data.length} values; ${pixels} of ${dtype} were expected`);
}

function checkLevels({ black, white, saturation: [low, high] = [black, white] }: Levels): void {
  if (!(Number.isFinite(black) && Number.isFinite(white) && white > black)) {
    throw new PssrError("INVALID_FIELD", `black ${black} and white ${white}: white must lie above black, both finite`, {
      field: "levels",
    });
  }
  if (!(high > low)) {
    throw new PssrError("INVALID_FIELD", `saturation from ${low} to ${high}: the second must lie above the first`, {
      field: "levels.saturation",
    });
  }
}

function checkKey({ tile, epoch }: NoiseKey): void {
  for (const [field, value] of Object.entries({ tile, epoch })) {
    if (Number.isSafeInteger(value) && value >= 0) continue;
    throw new PssrError("INVALID_FIELD", `${field} ${value} must be a whole number, 0 or more`, { field });
  }
}
