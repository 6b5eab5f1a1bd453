/**
 * The order of tiles in an epoch: a seeded bijection of 0…n−1 onto itself, computed for one place at a time, so that a
 * stream may begin anywhere without counting up to there.
 *
 * A balanced Feistel network over the next even number of bits, walked along its cycle until it lands below n (Black and
 * Rogaway, "Ciphers with arbitrary finite domains", 2002): fewer than four steps on average.
 */
const rounds = 6;

/** Both halves of a tile's number must fit into a word of 32 bits with its sign. */
export const maximumTiles = 2 ** 30;

export class TileOrder {
  readonly #size: number;
  readonly #halfBits: number;
  readonly #seed: bigint;
  #epoch = -1;
  #keys: Uint32Array = new Uint32Array(rounds);

  /** @param size Tiles in an epoch, 1 to 2³⁰. @param seed Taken modulo 2⁶⁴. */
  constructor(size: number, seed: bigint) {
    if (size > maximumTiles)
      throw new RangeError(`${size} tiles are more than the ${maximumTiles} that can be ordered`);
    this.#size = size;
    this.#halfBits = Math.max(1, Math.ceil(Math.ceil(Math.log2(size)) / 2));
    this.#seed = seed;
  }

  /** Index of the tile that comes at a place (0 to size − 1) of an epoch. */
  at(epoch: number, place: number): number {
    if (epoch !== this.#epoch) this.#useEpoch(epoch);
    let index = place;
    do index = this.#permute(index);
    while (index >= this.#size);
    return index;
  }

  #permute(value: number): number {
    const mask = 2 ** this.#halfBits - 1;
    let left = value >>> this.#halfBits;
    let right = value & mask;
    for (let round = 0; round < rounds; round++) {
      const mixed = left ^ (mix(right ^ this.#keys[round]!) & mask);
      left = right;
      right = mixed;
    }
    return left * 2 ** this.#halfBits + right;
  }

  #useEpoch(epoch: number): void {
    this.#keys = randomWords(this.#seed, epoch, rounds);
    this.#epoch = epoch;
  }
}

/** Words that depend on a seed and a counter alone. Not for secrets. */
export function randomWords(seed: bigint, counter: number, count: number): Uint32Array {
  const low = Number(BigInt.asUintN(32, seed));
  const high = Number(BigInt.asUintN(32, seed >> 32n));
  let state = mix(low ^ mix(high ^ mix((counter % 2 ** 32) ^ mix(Math.floor(counter / 2 ** 32) ^ 0x9e3779b9))));
  return Uint32Array.from({ length: count }, () => {
    state = (state + 0x9e3779b9) >>> 0;
    return mix(state);
  });
}

/** A bijection of 32-bit words in which each bit of the input flips about half of the output (Wellons' lowbias32). */
function mix(word: number): number {
  let x = word >>> 0;
  x = Math.imul(x ^ (x >>> 16), 0x21f0aaad);
  x = Math.imul(x ^ (x >>> 15), 0x735a2d97);
  return (x ^ (x >>> 15)) >>> 0;
}
