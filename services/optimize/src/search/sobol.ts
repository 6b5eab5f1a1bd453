/**
 * Sobol's sequence: points that fill the unit cube evenly, however many there are. Direction numbers of S. Joe and F. Y. Kuo,
 * "Constructing Sobol sequences with better two-dimensional projections", SIAM J. Sci. Comput. 30, 2008 (their table
 * new-joe-kuo-6); order of the points by I. A. Antonov and V. M. Saleev (1979).
 */

/** Of each dimension from the second on: the coefficients of its primitive polynomial, and its first direction numbers. */
const DIRECTIONS: readonly (readonly [coefficients: number, numbers: readonly number[]])[] = [
  [0, [1]],
  [1, [1, 3]],
  [1, [1, 3, 1]],
  [2, [1, 1, 1]],
  [1, [1, 1, 3, 3]],
  [4, [1, 3, 5, 13]],
  [2, [1, 1, 5, 5, 17]],
  [4, [1, 1, 5, 5, 5]],
  [7, [1, 1, 7, 11, 19]],
  [11, [1, 1, 5, 1, 1]],
  [13, [1, 1, 1, 3, 11]],
  [14, [1, 3, 5, 5, 31]],
  [1, [1, 3, 3, 9, 7, 49]],
  [13, [1, 1, 1, 15, 21, 21]],
  [16, [1, 3, 1, 13, 27, 49]],
  [19, [1, 1, 1, 15, 7, 5]],
  [22, [1, 3, 1, 15, 13, 25]],
  [25, [1, 1, 5, 5, 19, 61]],
  [1, [1, 3, 7, 11, 23, 15, 103]],
  [4, [1, 3, 7, 13, 13, 15, 69]],
];
const BITS = 32;

export const MOST_SOBOL_DIMENSIONS = DIRECTIONS.length + 1;

export class SobolSequence {
  readonly #directions: Uint32Array[];
  readonly #state: Uint32Array;
  #count = 0;

  /**
   * @param dimensions From 1 to 21.
   * @param shift Turned over in every point, bit by bit, a word for each dimension (a random digital shift); by default none.
   */
  constructor(dimensions: number, shift: Uint32Array = new Uint32Array(dimensions)) {
    if (!(dimensions >= 1 && dimensions <= MOST_SOBOL_DIMENSIONS)) {
      throw new RangeError(`a Sobol sequence of ${dimensions} dimensions; known are 1 to ${MOST_SOBOL_DIMENSIONS}`);
    }
    this.#directions = Array.from({ length: dimensions }, (_, d) => directionsOf(d));
    this.#state = shift.slice();
  }

  /** The next point, each coordinate from 0 to below 1. */
  next(): Float64Array {
    const point = Float64Array.from(this.#state, (word) => word / 2 ** BITS);
    // The direction of the count's lowest bit that is 0.
    const bit = 31 - Math.clz32(~this.#count & -~this.#count);
    this.#count++;
    for (let d = 0; d < this.#state.length; d++) this.#state[d]! ^= this.#directions[d]![bit]!;
    return point;
  }
}

function directionsOf(dimension: number): Uint32Array {
  const directions = new Uint32Array(BITS);
  if (dimension === 0) return directions.map((_, bit) => (1 << (BITS - 1 - bit)) >>> 0);
  const [coefficients, numbers] = DIRECTIONS[dimension - 1]!;
  const degree = numbers.length;
  for (let bit = 0; bit < BITS; bit++) {
    if (bit < degree) {
      directions[bit] = numbers[bit]! << (BITS - 1 - bit);
      continue;
    }
    let word = directions[bit - degree]! ^ (directions[bit - degree]! >>> degree);
    for (let k = 1; k < degree; k++) if ((coefficients >> (degree - 1 - k)) & 1) word ^= directions[bit - k]!;
    directions[bit] = word;
  }
  return directions;
}
