/** Functions that optimisers are compared on, with their lowest value: those of golden/make.py, by whose names regrets are kept. */
import { type Point, SearchSpace } from "@pssr/optimize";

export interface Problem {
  space: SearchSpace;
  evaluate(point: Point): number;
  minimum: number;
  evaluations: number;
  /** Deviation of what is added to each value. */
  noise: number;
}

const linear = (name: string, min: number, max: number) => ({ name, min, max, scale: "LINEAR" as const });

const branin = {
  space: new SearchSpace([linear("a", -5, 10), linear("b", 0, 15)]),
  evaluate(point: Point) {
    const [a, b] = [point.a!, point.b!];
    const bend = b - (5.1 / (4 * Math.PI ** 2)) * a * a + (5 / Math.PI) * a - 6;
    return bend ** 2 + 10 * (1 - 1 / (8 * Math.PI)) * Math.cos(a) + 10;
  },
  minimum: 0.39788735772973816,
};

const hartmannA = [
  [10, 3, 17, 3.5, 1.7, 8],
  [0.05, 10, 17, 0.1, 8, 14],
  [3, 3.5, 1.7, 10, 17, 8],
  [17, 8, 0.05, 10, 0.1, 14],
];
const hartmannP = [
  [1312, 1696, 5569, 124, 8283, 5886],
  [2329, 4135, 8307, 3736, 1004, 9991],
  [2348, 1451, 3522, 2883, 3047, 6650],
  [4047, 8828, 8732, 5743, 1091, 381],
];
const hartmannWeights = [1, 1.2, 3, 3.2];
const hartmannNames = ["a", "b", "c", "d", "e", "f"];

const hartmann = {
  space: new SearchSpace(hartmannNames.map((name) => linear(name, 0, 1))),
  evaluate(point: Point) {
    return hartmannWeights.reduce((sum, weight, i) => {
      const squares = hartmannNames.map(
        (name, j) => hartmannA[i]![j]! * (point[name]! - hartmannP[i]![j]! * 1e-4) ** 2,
      );
      return sum - weight * Math.exp(-squares.reduce((total, one) => total + one, 0));
    }, 0);
  },
  minimum: -3.322368011415515,
};

export const problems: Readonly<Record<string, Problem>> = {
  branin: { ...branin, evaluations: 40, noise: 0 },
  hartmann: { ...hartmann, evaluations: 60, noise: 0 },
  "noisy-branin": { ...branin, evaluations: 50, noise: 2 },
  "noisy-hartmann": { ...hartmann, evaluations: 60, noise: 0.1 },
};
