/**
 * Looks for the lowest place of a function that is slow and noisy, by a Gaussian process of what has been seen of it. What it
 * asks for next depends on the seed and the evaluations alone, so that a search goes on from these as if it had never stopped:
 *
 *     const optimiser = new Optimiser(space, { seed: 1 });
 *     for (let n = 0; n < 60; n++) {
 *       const point = optimiser.ask();
 *       optimiser.tell(point, measure(point));
 *     }
 */
import { uniformFloat64 } from "pure-rand/distribution/uniformFloat64";
import { xoroshiro128plus } from "pure-rand/generator/xoroshiro128plus";
import { minimiseInBox } from "./box-minimum.js";
import { GaussianProcess, type Hyperparameters } from "./gaussian-process.js";
import {
  fromLogarithms,
  hyperparameterBox,
  type LogHyperparameters,
  logarithms,
  maximiseLikelihood,
} from "./likelihood-maximum.js";
import { NoisyExpectedImprovement } from "./noisy-expected-improvement.js";
import type { Point, SearchSpace } from "./search-space.js";
import { SobolSequence } from "./sobol.js";

export interface Evaluation {
  point: Point;
  value: number;
}

export interface OptimiserOptions {
  seed: number;
  /** Points of the initial design. Default: twice as many as parameters, at least 6. */
  initial?: number;
}

/** Places at which the improvement is looked at before the best of them are followed downhill. */
const CANDIDATES_PER_DIMENSION = 200;
const NEARBY = 100;
const FOLLOWED = 5;
/** The likelihood's maximum is looked for anew from several starts whenever there are so many times as many values. */
const GROWTH = 1.3;

export class Optimiser {
  readonly #space: SearchSpace;
  readonly #seed: number;
  readonly #initial: number;
  readonly #points: Float64Array[] = [];
  readonly #evaluations: Evaluation[] = [];
  #theta: LogHyperparameters | undefined;
  #searchedAt = 0;

  constructor(space: SearchSpace, { seed, initial = Math.max(6, 2 * space.dimensions) }: OptimiserOptions) {
    this.#space = space;
    this.#seed = seed;
    this.#initial = initial;
  }

  get evaluations(): readonly Evaluation[] {
    return this.#evaluations;
  }

  tell(point: Point, value: number): void {
    if (!Number.isFinite(value)) throw new RangeError(`the value ${value} is no number that could be compared`);
    this.#evaluations.push({ point, value });
    this.#points.push(this.#space.encode(point));
    // The hyperparameters depend on the history alone, not on when they are asked for.
    if (this.#points.length >= this.#initial) this.#learn();
  }

  ask(): Point {
    const count = this.#points.length;
    if (count < this.#initial) return this.#space.decode(this.#design(this.#initial)[count]!);
    const { process, values } = this.#process();
    const normal = this.#normals(count);
    const draws = process.hyperparameters.noise < 1e-6 ? 1 : 16;
    const improvement = new NoisyExpectedImprovement(process, values, normal, draws);
    const candidates = this.#candidates(process)
      .map((coordinates) => ({ coordinates, value: improvement.negativeLogarithm(coordinates) }))
      .sort((a, b) => a.value - b.value);
    const [best] = candidates
      .slice(0, FOLLOWED)
      .map(({ coordinates }) => this.#follow(improvement, coordinates))
      .sort((a, b) => a.value - b.value);
    return this.#space.decode(best!.x);
  }

  /** The evaluation that is likely to be the lowest: without the luck of its own noise. */
  best(): Evaluation {
    if (this.#points.length === 0) throw new Error("nothing has been evaluated yet");
    if (this.#points.length < this.#initial) return this.#evaluations.reduce((a, b) => (b.value < a.value ? b : a));
    const { process } = this.#process();
    const means = this.#points.map((point) => process.mean(point));
    return this.#evaluations[means.indexOf(Math.min(...means))]!;
  }

  #follow(improvement: NoisyExpectedImprovement, start: Float64Array) {
    const { smooth } = this.#space;
    const box = {
      lower: start.map((at, d) => (smooth[d] ? 0 : at)),
      upper: start.map((at, d) => (smooth[d] ? 1 : at)),
    };
    const { x } = minimiseInBox((at, gradient) => improvement.negativeLogarithm(at, gradient), start, box, {
      evaluations: 30,
      tolerance: 1e-4,
    });
    const snapped = this.#space.snap(x);
    return { x: snapped, value: improvement.negativeLogarithm(snapped) };
  }

  /** Everywhere, and around what is best so far. */
  #candidates(process: GaussianProcess): Float64Array[] {
    const count = this.#points.length;
    const random = this.#uniforms(count + 0x40000000);
    const everywhere = this.#design(CANDIDATES_PER_DIMENSION * this.#space.dimensions, count + 1);
    const means = this.#points.map((point) => process.mean(point));
    const leading = [...means.keys()].sort((a, b) => means[a]! - means[b]!).slice(0, 5);
    const nearby = Array.from({ length: NEARBY }, (_, n) => {
      const centre = this.#points[leading[n % leading.length]!]!;
      const reach = 10 ** (-1 - 2 * random());
      return this.#space.snap(centre.map((at) => Math.min(Math.max(at + reach * (2 * random() - 1), 0), 1)));
    });
    return [...everywhere, ...nearby];
  }

  #design(size: number, series = 0): Float64Array[] {
    const random = this.#uniforms(series + 0x20000000);
    const shift = Uint32Array.from({ length: this.#space.dimensions }, () => random() * 2 ** 32);
    const sequence = new SobolSequence(this.#space.dimensions, shift);
    return Array.from({ length: size }, () => this.#space.snap(sequence.next()));
  }

  #learn(): void {
    const count = this.#points.length;
    const values = this.#standardised();
    const first = logarithms({
      lengths: new Float64Array(this.#space.dimensions).fill(0.5),
      variance: 1,
      noise: 1e-2,
    });
    if (this.#theta === undefined || count >= GROWTH * this.#searchedAt) {
      const { lower, upper } = hyperparameterBox(this.#space.dimensions);
      const random = this.#uniforms(count + 0x60000000);
      const elsewhere = Array.from({ length: 3 }, () => lower.map((low, d) => low + random() * (upper[d]! - low)));
      const starts = [first, ...elsewhere, ...(this.#theta ? [this.#theta] : [])];
      this.#theta = maximiseLikelihood(this.#points, values, starts, 60);
      this.#searchedAt = count;
    } else {
      this.#theta = maximiseLikelihood(this.#points, values, [this.#theta], 8);
    }
  }

  #process(): { process: GaussianProcess; values: number[] } {
    const values = [...this.#standardised()];
    const hyperparameters: Hyperparameters = fromLogarithms(this.#theta!);
    return { process: new GaussianProcess(hyperparameters, this.#points, values), values };
  }

  /** Values with mean 0 and deviation 1; of a flat function, all 0. */
  #standardised(): Float64Array {
    const values = Float64Array.from(this.#evaluations, ({ value }) => value);
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const deviation = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
    return values.map((value) => (deviation > 1e-12 * Math.abs(mean) ? (value - mean) / deviation : 0));
  }

  #uniforms(series: number): () => number {
    const generator = xoroshiro128plus(Math.imul(this.#seed, 0x9e3779b1) ^ series);
    return () => uniformFloat64(generator);
  }

  #normals(series: number): () => number {
    const random = this.#uniforms(series);
    return () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  }
}
