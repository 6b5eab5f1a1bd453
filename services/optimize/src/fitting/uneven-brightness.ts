/**
 * Whether the images of all pairs are as bright as each other where the same is to be seen. They are not where each was stretched to
 * its own darkest and brightest pixel, as many programs do when they export, or where a lamp or a beam varies: then one crappifier
 * cannot make all of them. Means of blocks are compared, of which noise, blur and small displacements take little.
 */
import { quantile } from "../statistics/quantile.js";
import type { Registered } from "./registration.js";

export interface Deviation {
  field: string;
  /** By how much the low-resolution image is brighter than others where that is most, in 255ths of the range. */
  units: number;
}

/** Low-resolution pixels. */
const BLOCK = 8;
/** Fewer blocks of an image tell nothing of it. */
const FEWEST_BLOCKS = 16;
/** Of the curve that images have in common. */
const BINS = 16;
/** In 255ths of the range: less makes hardly a difference, and a bent curve of straight pieces is as far off. */
const LEAST = 5;
/** The same beside noise, of whose deviation it is this share. */
const LEAST_SHARE = 0.25;
/** Standard errors, of which neighbouring blocks make too little. */
const CERTAIN = 8;

/** Those of the images that are brighter or darker than the others, the worst one first. */
export function unevenBrightness(images: ReadonlyMap<string, readonly Registered[]>): Deviation[] {
  const all = [...images].map(([field, tiles]) => ({ field, blocks: blocksOf(tiles) }));
  const told = all.filter(({ blocks }) => blocks.length >= FEWEST_BLOCKS);
  const [common, others] = [[...told], [] as typeof told];
  // One after the other, for an image that deviates bends the curve that it is compared with.
  while (2 * common.length > told.length) {
    const curve = curveOf(common.flatMap(({ blocks }) => blocks));
    const [worst] = deviations(common, curve);
    if (worst === undefined) break;
    others.push(
      ...common.splice(
        common.findIndex(({ field }) => field === worst.field),
        1,
      ),
    );
  }
  return others.length === 0 ? [] : deviations([...common, ...others], curveOf(common.flatMap(({ blocks }) => blocks)));
}

function deviations(images: readonly { field: string; blocks: readonly Block[] }[], curve: Curve): Deviation[] {
  return images
    .map(({ field, blocks }) => ({ field, units: deviationOf(blocks, curve) }))
    .filter(({ units }) => units !== 0)
    .sort((a, b) => Math.abs(b.units) - Math.abs(a.units));
}

interface Block {
  /** Mean of the high-resolution image's pixels, sampled alone, and of the low-resolution image's. */
  reference: number;
  real: number;
}

function blocksOf(tiles: readonly Registered[]): Block[] {
  const blocks: Block[] = [];
  for (const { reference, real } of tiles) {
    const { height, width, values } = reference;
    for (let y = 0; y + BLOCK <= height; y += BLOCK) {
      for (let x = 0; x + BLOCK <= width; x += BLOCK) {
        const mean = (of: Float32Array) => {
          let sum = 0;
          for (let row = y; row < y + BLOCK; row++) {
            for (let at = row * width + x; at < row * width + x + BLOCK; at++) sum += of[at]!;
          }
          return sum / BLOCK ** 2;
        };
        blocks.push({ reference: mean(values), real: mean(real) });
      }
    }
  }
  return blocks;
}

/** How bright a block is by what it is in the high-resolution image. */
type Curve = (reference: number) => number;

/** Straight between the means of bins. */
function curveOf(blocks: readonly Block[]): Curve {
  const sorted = [...blocks].sort((a, b) => a.reference - b.reference);
  const knots: Block[] = [];
  for (let from = 0; from < sorted.length; ) {
    let end = Math.min(from + Math.ceil(sorted.length / BINS), sorted.length);
    // What is equally bright, as an empty background, is in one bin.
    while (end < sorted.length && sorted[end]!.reference === sorted[end - 1]!.reference) end++;
    const own = sorted.slice(from, end);
    const mean = (of: (block: Block) => number) => own.reduce((sum, one) => sum + of(one), 0) / own.length;
    knots.push({ reference: mean(({ reference }) => reference), real: mean(({ real }) => real) });
    from = end;
  }
  if (knots.length === 1) return () => knots[0]!.real;
  return (reference) => {
    const after = knots.findIndex((knot) => knot.reference >= reference);
    const n = Math.max(after === -1 ? knots.length - 1 : after, 1);
    const [a, b] = [knots[n - 1]!, knots[n]!];
    return a.real + ((b.real - a.real) * (reference - a.reference)) / (b.reference - a.reference);
  };
}

/** By a line through what blocks differ from the curve, where it is largest among most of them; 0 where that may be luck. */
function deviationOf(blocks: readonly Block[], curve: Curve): number {
  const count = blocks.length;
  const rest = blocks.map(({ reference, real }) => real - curve(reference));
  const centre = blocks.reduce((sum, { reference }) => sum + reference, 0) / count;
  const mean = rest.reduce((sum, one) => sum + one, 0) / count;
  let [squares, products] = [0, 0];
  for (const [n, { reference }] of blocks.entries()) {
    squares += (reference - centre) ** 2;
    products += (reference - centre) * rest[n]!;
  }
  const slope = squares > 0 ? products / squares : 0;
  const at = (reference: number) => mean + slope * (reference - centre);
  const variance =
    rest.reduce((sum, one, n) => sum + (one - at(blocks[n]!.reference)) ** 2, 0) / Math.max(count - 2, 1);
  const least = Math.max(LEAST, LEAST_SHARE * BLOCK * Math.sqrt(variance));
  const sorted = Float64Array.from(blocks, ({ reference }) => reference).sort();
  const found = [0.1, 0.9].map((share) => {
    const reference = quantile(sorted, share);
    const error = Math.sqrt(variance * (1 / count + (squares > 0 ? (reference - centre) ** 2 / squares : 0)));
    const units = at(reference);
    return Math.abs(units) > least && Math.abs(units) > CERTAIN * error ? units : 0;
  });
  return found.reduce((most, one) => (Math.abs(one) > Math.abs(most) ? one : most), 0);
}
