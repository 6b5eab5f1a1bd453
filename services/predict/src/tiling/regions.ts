/**
 * The regions of an output image: boxes of the size of a shard, cut at the image's end, in C order. A region is what one
 * worker restores and writes at once; its number is its name.
 */
import { gridIndex } from "@pssr/imaging";
import type { Box } from "./box.js";

export interface RegionGrid {
  /** Regions in all. */
  readonly count: number;
  /** The region of a number from 0 to `count` − 1, as a box of output pixels. */
  box(index: number): Box;
}

/** `shape` and `shardShape` have as many axes, in output pixels. */
export function regionGrid(shape: readonly number[], shardShape: readonly number[]): RegionGrid {
  const along = shape.map((side, axis) => Math.ceil(side / shardShape[axis]!));
  const count = along.reduce((product, n) => product * n, 1);
  return {
    count,
    box(index) {
      if (!Number.isInteger(index) || index < 0 || index >= count) {
        throw new RangeError(`region ${index} of ${count}`);
      }
      const start = gridIndex(along, index).map((place, axis) => place * shardShape[axis]!);
      return { start, shape: start.map((from, axis) => Math.min(shardShape[axis]!, shape[axis]! - from)) };
    },
  };
}
