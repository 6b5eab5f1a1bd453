/**
 * Which tile, in which orientation and with which noise, comes where in a stream of pairs: a function of the request alone, in
 * constant time for any step, so that every caller, share and resumption sees the same stream.
 */
import type { Crappifier } from "@pssr/crappifiers";
import { orientations } from "@pssr/imaging";
import type { TileIndex, TilePlace } from "../datasets/tile-index.js";
import { randomWords, TileOrder } from "./tile-order.js";

export interface PairStreamSpec {
  split: "training" | "validation";
  crappifier: Crappifier;
  seed: bigint;
  batchSize: number;
  fromStep: number;
  /** 0: without end for training, each tile once for validation. */
  steps: number;
  augment: boolean;
  /** Whether a tile is degraded the same way in every epoch, before it is turned. */
  fixedNoise: boolean;
  /** Largest share by which a tile becomes brighter or darker. */
  intensityAugmentation: number;
  shardIndex: number;
  shardCount: number;
}

export interface PlannedPair {
  step: number;
  index: number;
  pairsInStep: number;
  place: TilePlace;
  /** 0 to 7; see `orient`. */
  orientation: number;
  /** What the signal above black is multiplied by. */
  gain: number;
  /** What the tile's noise depends on, beside the seed and the image. */
  noise: { tile: number; epoch: number };
}

/** Keeps the words of augmentation apart from those of the order. */
const augmentationSeed = 0x9e37_79b9_7f4a_7c15n;

/** The pairs of a stream in order, this share's only. */
export function* planPairs(tiles: TileIndex, spec: PairStreamSpec): Iterable<PlannedPair> {
  const { split, batchSize, fromStep, steps, shardIndex, shardCount } = spec;
  const isTraining = split === "training";
  const wholeRun = isTraining ? Number.POSITIVE_INFINITY : Math.ceil(tiles.count / batchSize);
  const end = Math.min(wholeRun, steps === 0 ? Number.POSITIVE_INFINITY : fromStep + steps);
  const order = new TileOrder(tiles.count, spec.seed);
  for (let step = fromStep; step < end; step++) {
    const first = step * batchSize;
    const pairsInStep = isTraining ? batchSize : Math.min(batchSize, tiles.count - first);
    for (let index = shardIndex; index < pairsInStep; index += shardCount) {
      const head = { step, index, pairsInStep };
      yield isTraining
        ? { ...head, ...trainingPair(tiles, order, first + index, spec) }
        : { ...head, ...validationPair(tiles, first + index) };
    }
  }
}

function trainingPair(tiles: TileIndex, order: TileOrder, number: number, spec: PairStreamSpec) {
  const { seed, augment, fixedNoise, intensityAugmentation: share } = spec;
  const epoch = Math.floor(number / tiles.count);
  const tile = order.at(epoch, number % tiles.count);
  const [turn, brightness] = randomWords(seed ^ augmentationSeed, number, 2);
  const orientation = augment ? turn! % orientations : 0;
  const gain = 1 + share * (2 * (brightness! / 2 ** 32) - 1);
  return { place: tiles.at(tile), orientation, gain, noise: { tile, epoch: fixedNoise ? 0 : epoch } };
}

function validationPair(tiles: TileIndex, tile: number) {
  return { place: tiles.at(tile), orientation: 0, gain: 1, noise: { tile: tiles.noiseBase + tile, epoch: 0 } };
}
