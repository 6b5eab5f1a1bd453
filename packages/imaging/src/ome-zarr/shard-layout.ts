/**
 * How an image is cut for storage: inner chunks of 256×256 pixels (1 along other axes), the unit of reading, packed into
 * shards of up to 4 MiB, the unit of writing: small enough that compressing one overlaps with making the next, and that many
 * writers can share one image. Shards lie within one plane, so writers of different planes never meet.
 */
import { PssrError } from "@pssr/api";
import { bytesPerPixel, checkAxes, type Dtype, type Region } from "../pixels/pixel-array.js";

export const chunkSide = 256;
export const maxShardBytes = 4 * 1024 * 1024;

export interface ShardLayout {
  /** Sizes in pixels along each axis. A shard may reach beyond the image, as a chunk may. */
  readonly chunkShape: readonly number[];
  readonly shardShape: readonly number[];
  /** Number of shards along each axis. */
  readonly grid: readonly number[];
}

/** @throws PssrError INVALID_FIELD if axes and shape do not fit */
export function shardLayout(image: { axes: string; shape: readonly number[]; dtype: Dtype }): ShardLayout {
  checkAxes(image.axes, image.shape);
  const [height, width] = [image.shape.at(-2)!, image.shape.at(-1)!];
  const [rows, columns] = [Math.ceil(height / chunkSide), Math.ceil(width / chunkSide)];
  const chunks = Math.floor(maxShardBytes / (chunkSide * chunkSide * bytesPerPixel[image.dtype]));
  // As square as the image allows.
  const down = Math.min(rows, Math.max(2 ** Math.floor(Math.log2(Math.sqrt(chunks))), Math.floor(chunks / columns)));
  const across = Math.min(columns, Math.floor(chunks / down));
  const leading = image.shape.slice(0, -2).map(() => 1);
  const shardShape = [...leading, down * chunkSide, across * chunkSide];
  return {
    chunkShape: [...leading, chunkSide, chunkSide],
    shardShape,
    grid: image.shape.map((size, axis) => Math.ceil(size / shardShape[axis]!)),
  };
}

/** The part of an image of `shape` that shard `index` (one number per axis) holds: the unit in which regions are written. */
export function shardRegion(layout: ShardLayout, shape: readonly number[], index: readonly number[]): Region {
  if (
    index.length !== layout.grid.length ||
    layout.grid.some((count, axis) => !(index[axis]! >= 0 && index[axis]! < count))
  ) {
    throw new PssrError("INVALID_FIELD", `shard [${index.join(", ")}] is not in the grid [${layout.grid.join(", ")}]`);
  }
  const start = index.map((position, axis) => position * layout.shardShape[axis]!);
  return { start, shape: shape.map((size, axis) => Math.min(layout.shardShape[axis]!, size - start[axis]!)) };
}

/** All indices of a grid in C order. */
export function* gridIndices(grid: readonly number[]): Generator<number[], void, void> {
  const total = grid.reduce((product, count) => product * count, 1);
  for (let number = 0; number < total; number++) yield gridIndex(grid, number);
}

/** The index that comes at `number`, from 0 on, when a grid is counted in C order. */
export function gridIndex(grid: readonly number[], number: number): number[] {
  const index: number[] = [];
  let rest = number;
  for (let axis = grid.length - 1; axis >= 0; axis--) {
    index[axis] = rest % grid[axis]!;
    rest = Math.floor(rest / grid[axis]!);
  }
  return index;
}
