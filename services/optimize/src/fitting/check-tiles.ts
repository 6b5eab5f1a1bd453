/** What makes tiles useless for a fit, said before anything is looked for; and what makes them doubtful. */
import { unsuitable } from "../refuse.js";
import { byField } from "./by-field.js";
import { checkPairs, type Pair } from "./check-pairs.js";
import type { Finding } from "./fit-outcome.js";
import type { FitProblem, GreyTile } from "./fit-problem.js";
import { inUnits, type TileMeter } from "./tile-meter.js";

/** Of the pixels of an image: more than this are cut off, and noise cannot be told; or it is worth a word. */
const MOST_CLIPPED = 0.5;
const MUCH_CLIPPED = 0.02;
/** Fewer tiles give intervals that are uncertain themselves. */
const FEW_TILES = 8;

/** @throws PssrError UNSUITABLE_IMAGES, naming the image's field, for pixels that are no numbers. */
export function checkPixels({ fitted, heldOut }: FitProblem): void {
  for (const { values, width, field } of [fitted, heldOut].flatMap(({ real, high }) => [...real, ...high])) {
    if (!(values instanceof Float32Array)) continue;
    const at = values.findIndex((value) => !Number.isFinite(value));
    if (at < 0) continue;
    const place = `row ${Math.floor(at / width)}, column ${at % width} of a tile`;
    throw unsuitable(field, `the pixel at ${place} is ${values[at]}; give an image of finite numbers`);
  }
}

/** @throws PssrError UNSUITABLE_IMAGES for scans and dark frames that are copies: their difference would say that there is no noise. */
export function checkNoCopies({ detector: { scans, darkFrames } }: FitProblem): void {
  for (const { first, second } of scans) {
    if (!isCopy(first, second)) continue;
    throw unsuitable(second.field, `it is ${first.field}, pixel by pixel: give two scans, each with noise of its own`);
  }
  for (const { first, second } of darkFrames) {
    if (second === undefined || !isCopy(first, second)) continue;
    const which = first.field === second.field ? "two of its planes are the same" : `it is ${first.field}`;
    throw unsuitable(second.field, `${which}, pixel by pixel: give frames that each have noise of their own`);
  }
}

function isCopy(a: GreyTile, b: GreyTile): boolean {
  return a.values.length === b.values.length && a.values.every((value, n) => value === b.values[n]);
}

/**
 * Of all real tiles.
 *
 * @throws PssrError UNSUITABLE_IMAGES, naming the image's field, for images that are constant or mostly cut off, and for pairs whose
 *   images do not show the same field.
 */
export function checkTiles(problem: FitProblem, meters: readonly TileMeter[]): Finding[] {
  const { fitted, heldOut, isPaired } = problem;
  const findings: Finding[] = [];
  const clippedImages: { field: string; share: number }[] = [];
  for (const [field, tiles] of byField([...fitted.real, ...heldOut.real])) {
    if (tiles.every(isConstant)) {
      throw unsuitable(field, "its pixels are all the same; give an image that shows something");
    }
    const share = clippedShare(tiles);
    if (share > MOST_CLIPPED) {
      throw unsuitable(
        field,
        `${percent(share)} of its pixels are cut off at black or white; at most ${percent(MOST_CLIPPED)} may be: give levels that fit, or expose it less`,
      );
    }
    if (share > MUCH_CLIPPED) clippedImages.push({ field, share });
  }
  const worst = clippedImages.sort((a, b) => b.share - a.share)[0];
  if (worst !== undefined) {
    const count = clippedImages.length;
    const which = `${count === 1 ? "one image" : `${count} images`} more than ${percent(MUCH_CLIPPED)}`;
    const message = `of ${which} of the pixels are cut off at black or white, most of ${worst.field} (${percent(worst.share)}): what lies beyond is guessed`;
    findings.push({ kind: "CLIPPED", subject: worst.field, message });
  }
  for (const [field, tiles] of byField([...fitted.high, ...heldOut.high])) {
    if (tiles.every(isConstant)) {
      throw unsuitable(field, "its pixels are all the same; give an image that shows something");
    }
  }
  if (isPaired) {
    const pairs = [fitted, heldOut].flatMap(({ real }, n) => pairsOf(real, meters[n]));
    findings.push(...checkPairs(pairs, problem));
  }
  if (fitted.real.length < FEW_TILES) {
    const count = fitted.real.length;
    const message = `it was fitted to ${count === 1 ? "one tile" : `${count} tiles`}: intervals are uncertain below ${FEW_TILES}; give more or larger images, or smaller tiles`;
    findings.push({ kind: "FEW_TILES", subject: "", message });
  }
  return findings;
}

function pairsOf(real: readonly GreyTile[], meter: TileMeter | undefined): Pair[] {
  return real.map((tile, n) => ({ field: tile.field, reference: meter!.references[n]!, real: inUnits(tile) }));
}

function isConstant({ values }: GreyTile): boolean {
  return values.every((value) => value === values[0]);
}

function clippedShare(tiles: readonly GreyTile[]): number {
  let [clipped, pixels] = [0, 0];
  for (const { values, levels } of tiles) {
    const [low, high] = levels.saturation ?? [levels.black, levels.white];
    for (const value of values) if (value <= low || value >= high) clipped++;
    pixels += values.length;
  }
  return clipped / pixels;
}

function percent(share: number): string {
  return `${Number((100 * share).toFixed(1))} %`;
}
