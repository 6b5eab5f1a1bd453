/** A function that optimisers are compared on: three equal minima, the first of them at (−π, 12.275). */
import { type Point, SearchSpace } from "../../dist/search/search-space.js";

export const branin = {
  space: new SearchSpace([
    { name: "a", min: -5, max: 10, scale: "LINEAR" },
    { name: "b", min: 0, max: 15, scale: "LINEAR" },
  ]),
  minimum: 0.39788735772973816,
  evaluate(point: Point): number {
    const [a, b] = [point.a!, point.b!];
    const bend = b - (5.1 / (4 * Math.PI ** 2)) * a * a + (5 / Math.PI) * a - 6;
    return bend ** 2 + 10 * (1 - 1 / (8 * Math.PI)) * Math.cos(a) + 10;
  },
};
