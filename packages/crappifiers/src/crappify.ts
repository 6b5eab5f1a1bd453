/**
 * Runs a crappifier on one tile: optics on the high-resolution grid, sampling, detector on the low-resolution grid.
 *
 * Without optics, sampling works on the image's own data type and rounds to it, as PSSR2 does through Pillow; with
 * optics it works in float32. After each step values are clipped to the saturation levels, as PSSR2 clips to 0…255;
 * at the end they are rounded (half to even) and clipped to the image's data type.
 */
import { PssrError } from "@pssr/api";
import { type CallExternal, externalSteps } from "./external-step.js";
import { type PixelTile, type PixelType, type PixelTypes, pixelArrays } from "./pixel-tile.js";
import type { NoiseKey } from "./random/noise-key.js";
import type { Crappifier } from "./spec.js";
import type { Calibration, Levels } from "./step.js";
import { TileCrappifier } from "./tile-crappifier.js";

/**
 * The low-resolution tile of `hr`, for a crappifier without external steps: the same frames and data type, height and width divided by the scale. The bytes
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
  refuseExternal(crappifier, "crappifier");
  const { low, frames } = prepare(crappifier, hr, calibration, key, out);
  for (const { tile, frame, rows, from, to } of frames) tile.crappify(frame, rows, from, to);
  return low;
}

/**
 * The same for any crappifier: `call` has its external steps taken, one after the other. Without such steps the bytes are those
 * of `crappify`.
 *
 * @param beforeStep Called before each step of each frame: what it throws ends the work.
 * @throws PssrError what `call` and `beforeStep` throw; EXTERNAL_CRAPPIFIER_FAILED where it does not answer finite values of the plane's size.
 */
export async function crappifyCalling<Dtype extends PixelType>(
  call: CallExternal,
  crappifier: Crappifier,
  hr: PixelTile<Dtype>,
  calibration: Calibration,
  key: NoiseKey,
  { out, beforeStep }: { out?: PixelTile<Dtype>["data"]; beforeStep?: () => void } = {},
): Promise<PixelTile<Dtype>> {
  const { low, frames } = prepare(crappifier, hr, calibration, key, out, beforeStep);
  for (const { tile, frame, rows, from, to } of frames) await tile.crappifyCalling(call, frame, rows, from, to);
  return low;
}

/** INVALID_FIELD for a crappifier with external steps, where they cannot be taken; it stands at `path`. */
export function refuseExternal(crappifier: Crappifier, path: string): void {
  const [first] = externalSteps(crappifier, path);
  if (first === undefined) return;
  throw new PssrError(
    "INVALID_FIELD",
    `${first.path}: an external step cannot be taken here, only in a training, a stream of pairs and a preview; leave it out`,
    { field: first.path },
  );
}

function prepare<Dtype extends PixelType>(
  crappifier: Crappifier,
  hr: PixelTile<Dtype>,
  calibration: Calibration,
  key: NoiseKey,
  out: PixelTile<Dtype>["data"] | undefined,
  beforeStep?: () => void,
) {
  const { scale } = crappifier.sampling;
  checkTile(hr, scale);
  checkLevels(calibration);
  checkKey(key);
  const { dtype, frames } = hr;
  const height = hr.height / scale;
  const width = hr.width / scale;
  const data = out ?? new pixelArrays[dtype](frames * height * width);
  checkPixels("out", data, dtype, frames * height * width);

  const tile = new TileCrappifier(crappifier, hr, calibration, key, beforeStep);
  const rows = { first: 0, count: height };
  const [high, low] = [hr.height * hr.width, height * width];
  const work = Array.from({ length: frames }, (_, frame) => ({
    tile,
    frame,
    rows,
    from: hr.data.subarray(frame * high, (frame + 1) * high) as PixelTypes[Dtype],
    to: data.subarray(frame * low, (frame + 1) * low) as PixelTypes[Dtype],
  }));
  return { low: { data, dtype, frames, height, width }, frames: work };
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
