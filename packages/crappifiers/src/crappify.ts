/**
 * Runs a crappifier on one tile: optics on the high-resolution grid, sampling, detector on the low-resolution grid.
 *
 * Without optics, sampling works on the image's own data type and rounds to it, as PSSR2 does through Pillow; with
 * optics it works in float32. After each step values are clipped to the saturation levels, as PSSR2 clips to 0…255;
 * at the end they are rounded (half to even) and clipped to the image's data type.
 */
import { PssrError } from "@pssr/api";
import { type PixelTile, type PixelType, pixelArrays, writePixels } from "./pixel-tile.js";
import { type NoiseKey, NoiseStream } from "./random/noise-stream.js";
import { normalFromWord } from "./random/normal.js";
import { downsample } from "./sampling.js";
import type { Crappifier, Parameter, StepSpec } from "./spec.js";
import type { Levels, Stage, Step, WorkTile } from "./step.js";
import { steps } from "./steps/registry.js";

/**
 * The low-resolution tile of `hr`: the same frames and data type, height and width divided by the scale. The bytes
 * depend on the arguments alone, and noise is independent between frames, tiles, epochs, images, seeds and steps.
 *
 * @param crappifier A specification that `parseCrappifier` has checked.
 * @param out Where to write the pixels; by default a new array.
 * @throws PssrError INVALID_FIELD when the scale does not divide the tile, or levels or key make no sense;
 *   SHAPE_MISMATCH when `hr.data` or `out` does not hold as many pixels as the shape says, or is of another type.
 */
export function crappify<Dtype extends PixelType>(
  crappifier: Crappifier,
  hr: PixelTile<Dtype>,
  levels: Levels,
  key: NoiseKey,
  out?: PixelTile<Dtype>["data"],
): PixelTile<Dtype> {
  const { scale } = crappifier.sampling;
  checkTile(hr, scale);
  checkLevels(levels);
  checkKey(key);
  const { dtype, frames } = hr;
  const height = hr.height / scale;
  const width = hr.width / scale;
  const data = out ?? new pixelArrays[dtype](frames * height * width);
  checkPixels("out", data, dtype, frames * height * width);

  let grid: PixelTile = hr;
  if (crappifier.optics.length > 0) {
    const tile = workTile(hr);
    applySteps("optics", crappifier.optics, tile, levels, key);
    grid = { data: tile.values, dtype: "float32", frames, height: hr.height, width: hr.width };
  }
  const low = downsample(grid, crappifier.sampling);
  const tile = workTile(low);
  applySteps("detector", crappifier.detector, tile, levels, key);
  writePixels(tile.values, data, dtype);
  return { data, dtype, frames, height, width };
}

function workTile({ data, dtype, frames, height, width }: PixelTile): WorkTile {
  return { values: new Float32Array(data), frames, height, width, byteValued: dtype === "uint8" };
}

function applySteps(stage: Stage, specs: readonly StepSpec[], tile: WorkTile, levels: Levels, key: NoiseKey): void {
  const [low, high] = levels.saturation ?? [levels.black, levels.white];
  for (const [index, spec] of specs.entries()) {
    const name = `${stage}/${index}`;
    const step: Step = steps[spec.kind];
    const stream = (frame: number) => NoiseStream.of(key, name, frame);
    step.apply(tile, drawParameters(step, spec, NoiseStream.of(key, name, "parameters")), { levels, stream });
    tile.byteValued = false;
    const { values } = tile;
    for (let n = 0; n < values.length; n++) values[n] = Math.min(Math.max(values[n]!, low), high);
  }
}

/** The step's numbers for this tile: parameter n takes normal number n of the stream. */
function drawParameters(step: Step, spec: StepSpec, stream: NoiseStream): Record<string, number> {
  const given: Readonly<Record<string, Parameter | string>> = spec;
  const names = Object.entries(step.parameters);
  const words = new Uint32Array(Math.ceil(names.length / 4) * 4);
  stream.fill(words, 0);
  const drawn = names.map(([name, { min, max }], index): [string, number] => {
    const { value, spread } = given[name] as Parameter;
    const normal = spread === 0 ? 0 : normalFromWord(words[index]!, stream, index);
    return [name, Math.min(Math.max(value + spread * normal, min), max)];
  });
  return Object.fromEntries(drawn);
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
