/**
 * Photon noise as PSSR2's `Poisson` has it. With x = 255·(grey − black)/(white − black) and i the mix, a pixel becomes
 * (1 − i)·x + i·P, P Poisson-distributed with mean max(x, 0). Its mean stays x and its variance is i²·x: those of a
 * detector that counts 255/i² photons at white, where i = 1 is that detector exactly. Below black there are no photons.
 */
import { type NoiseStream, WORDS_PER_BLOCK } from "../random/noise-stream.js";
import { poissonFromWords, WORDS_PER_POISSON } from "../random/poisson.js";
import { MAX_TABLE_MEAN, PoissonTable } from "../random/poisson-table.js";
import type { Levels, Step } from "../step.js";

const CHUNK = 4096;
const GREY_LEVELS = 256;
/** A dataset's images each have levels of their own; a table takes about 250 KB, 1 MB at most. */
const CACHED_TABLES = 64;

export const poisson: Step<"mix"> = {
  meaning: "Photon (shot) noise.",
  stages: ["optics", "detector"],
  parameters: {
    mix: {
      meaning: "Strength: 0 leaves the image, i gives the noise of 255/i² photons at white.",
      unit: "1",
      min: 0,
      max: 16,
      default: 1,
    },
  },
  apply(tile, { mix }, context) {
    if (mix === 0) return;
    const { levels, stream } = context;
    const unit = (levels.white - levels.black) / 255;
    const byTable = tile.byteValued && (GREY_LEVELS - 1 - levels.black) / unit <= MAX_TABLE_MEAN;
    const photons = byTable ? tableSource(tableFor(levels)) : anySource(levels.black, unit);
    const keep = 1 - mix;
    const gain = mix * unit;
    const offset = mix * levels.black;
    const counts = new Float64Array(CHUNK);
    const size = tile.height * tile.width;
    for (let frame = 0; frame < tile.frames; frame++) {
      const noise = stream(frame);
      for (let start = 0; start < size; start += CHUNK) {
        const from = frame * size + start;
        const greys = tile.values.subarray(from, from + Math.min(CHUNK, size - start));
        photons(greys, noise, start, counts);
        blend(greys, counts, keep, gain, offset);
      }
    }
  },
};

/** Writes the photons of each grey value to `counts`; `start` is the first one's pixel number in the frame. */
type PhotonSource = (greys: Float32Array, noise: NoiseStream, start: number, counts: Float64Array) => void;

/** Pixel n of a frame takes word n. */
function tableSource(table: PoissonTable): PhotonSource {
  const words = new Uint32Array(CHUNK);
  return (greys, noise, start, counts) => {
    noise.fill(words, start / WORDS_PER_BLOCK);
    table.sample(greys, words, greys.length, counts);
  };
}

/** Pixel n of a frame takes words 2n and 2n + 1. */
function anySource(black: number, unit: number): PhotonSource {
  const words = new Uint32Array(CHUNK * WORDS_PER_POISSON);
  return (greys, noise, start, counts) => {
    noise.fill(words, (start * WORDS_PER_POISSON) / WORDS_PER_BLOCK);
    for (let n = 0; n < greys.length; n++) {
      const mean = (greys[n]! - black) / unit;
      counts[n] = poissonFromWords(mean, words[2 * n]!, words[2 * n + 1]!, noise, start + n);
    }
  };
}

function blend(greys: Float32Array, counts: Float64Array, keep: number, gain: number, offset: number): void {
  for (let n = 0; n < greys.length; n++) greys[n] = keep * greys[n]! + (offset + gain * counts[n]!);
}

/** Tables of the levels used last, for one takes longer to build than a tile to fill. */
const tables = new Map<string, PoissonTable>();

function tableFor({ black, white }: Levels): PoissonTable {
  const key = `${black} ${white}`;
  let table = tables.get(key);
  if (table === undefined) {
    const unit = (white - black) / 255;
    table = new PoissonTable(Array.from({ length: GREY_LEVELS }, (_, grey) => Math.max(0, (grey - black) / unit)));
    const [oldest] = tables.keys();
    if (oldest !== undefined && tables.size >= CACHED_TABLES) tables.delete(oldest);
  }
  tables.delete(key);
  tables.set(key, table);
  return table;
}
