/** What makes tiles useless for a fit, said before anything is looked for; and what makes them doubtful. */
import { unsuitable } from "../refuse.js";
import type { Finding } from "./fit-outcome.js";
import type { FitProblem, GreyTile } from "./fit-problem.js";
import { displacementOf, type Registered } from "./registration.js";
import { type SmallShift, smallShiftOf } from "./small-shift.js";
import { inUnits, type TileMeter } from "./tile-meter.js";

/** Of the pixels of an image: more than this are cut off, and noise cannot be told; or it is worth a word. */
const MOST_CLIPPED = 0.5;
const MUCH_CLIPPED = 0.02;
/** Less evidence for a displacement is luck: there are hundreds of places. */
const LEAST_EVIDENCE = 20;
/** Low-resolution pixels: less makes hardly a difference. */
const LEAST_SHIFT = 0.08;
/** Standard errors. */
const CERTAIN = 4;
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
export function checkTiles(
  { fitted, heldOut, isPaired, template }: FitProblem,
  meters: readonly TileMeter[],
): Finding[] {
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
    findings.push(...checkRegistration(pairs));
    if (!template.optics.some(({ kind }) => kind === "drift")) findings.push(...smallShifts(pairs));
  }
  if (fitted.real.length < FEW_TILES) {
    const count = fitted.real.length;
    const message = `it was fitted to ${count === 1 ? "one tile" : `${count} tiles`}: intervals are uncertain below ${FEW_TILES}; give more or larger images, or smaller tiles`;
    findings.push({ kind: "FEW_TILES", subject: "", message });
  }
  return findings;
}

interface Pair extends Registered {
  field: string;
}

function pairsOf(real: readonly GreyTile[], meter: TileMeter | undefined): Pair[] {
  return real.map((tile, n) => ({ field: tile.field, reference: meter!.references[n]!, real: inUnits(tile) }));
}

function checkRegistration(tiles: readonly Pair[]): Finding[] {
  const strangers: { field: string; inPlace: number }[] = [];
  for (const [field, own] of byField(tiles)) {
    const { x, y, correlation, evidence, inPlace, luck } = displacementOf(own);
    if (inPlace < luck) strangers.push({ field, inPlace });
    if (evidence < LEAST_EVIDENCE) continue;
    if (x === 0 && y === 0) continue;
    throw unsuitable(
      field,
      `it lies ${x} low-resolution pixels to the right of and ${y} below its high-resolution image (correlation ${correlation.toFixed(2)}): bring the two to the same place, or give them unpaired`,
    );
  }
  return strange(strangers);
}

/**
 * What is displaced by part of a pixel can be fitted, but what its edges differ in looks like blur and noise. One image may tell it,
 * or all together, where a microscope or another kernel of sampling displaces each alike.
 */
function smallShifts(tiles: readonly Pair[]): Finding[] {
  const shifts = [...byField(tiles)].flatMap(([field, own]) => {
    const shift = smallShiftOf(own);
    return shift === undefined ? [] : [{ field, ...shift }];
  });
  const worst = shifts.filter(isShifted).sort((a, b) => Math.hypot(b.x, b.y) - Math.hypot(a.x, a.y))[0];
  const mean = meanShift(shifts);
  if (worst === undefined && !isShifted(mean)) return [];
  const { x, y } = worst ?? mean;
  const which = worst === undefined ? "images of pairs lie on average" : `${worst.field} lies`;
  const message = `${which} ${x.toFixed(2)} low-resolution pixels to the right of and ${y.toFixed(2)} below what the high-resolution image shows: blur and noise seem larger than they are; bring the two to the same place, or, where all lie alike, try another kernel of sampling`;
  return [{ kind: "DISPLACED", subject: worst?.field ?? "", message }];
}

function meanShift(shifts: readonly SmallShift[]): SmallShift {
  const mean = (of: (shift: SmallShift) => number) => shifts.reduce((sum, one) => sum + of(one), 0) / shifts.length;
  const error = (of: (shift: SmallShift) => number) => Math.sqrt(mean((shift) => of(shift) ** 2) / shifts.length);
  return {
    x: mean(({ x }) => x),
    y: mean(({ y }) => y),
    errorX: error(({ errorX }) => errorX),
    errorY: error(({ errorY }) => errorY),
  };
}

function isShifted({ x, y, errorX, errorY }: SmallShift): boolean {
  return Math.hypot(x, y) > LEAST_SHIFT && (Math.abs(x) > CERTAIN * errorX || Math.abs(y) > CERTAIN * errorY);
}

function strange(strangers: readonly { field: string; inPlace: number }[]): Finding[] {
  const worst = [...strangers].sort((a, b) => a.inPlace - b.inPlace)[0];
  if (worst === undefined) return [];
  const { field, inPlace } = worst;
  const message = `${field} has next to nothing in common with its high-resolution image (correlation ${inPlace.toFixed(2)}): the two may be of different fields; look at the pairs, and give images of different fields unpaired`;
  return [{ kind: "DISPLACED", subject: field, message }];
}

function byField<T extends { field: string }>(tiles: readonly T[]): Map<string, T[]> {
  const found = new Map<string, T[]>();
  for (const tile of tiles) {
    const own = found.get(tile.field);
    if (own === undefined) found.set(tile.field, [tile]);
    else own.push(tile);
  }
  return found;
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
