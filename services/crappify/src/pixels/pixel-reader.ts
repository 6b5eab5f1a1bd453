/**
 * Pixels of stored images, worked on by threads: read, crappified, made into pairs. The threads fetch objects through here, so
 * they hold no credentials, and each keeps a bounded cache of what it has decoded.
 */
import type { PixelBlock } from "@pssr/api";
import { hasExternalSteps } from "@pssr/crappifiers";
import { bytesPerPixel, type Levels, type Region } from "@pssr/imaging";
import { type Abortable, type Answer, type ObjectStore, type RunOptions, ThreadPool } from "@pssr/platform";
import type { ExternalCrappifiers } from "../external/external-crappifiers.js";
import type { StoredImage } from "../images/image-record.js";
import { toPixelBlock } from "./pixel-message.js";
import type {
  Box,
  CrappifyOrder,
  Described,
  ExternalQuestion,
  PairOrder,
  PixelQuestion,
  PixelTask,
  PreviewBytes,
} from "./pixel-tasks.js";

export interface PixelReaderOptions {
  objects: ObjectStore;
  threads: number;
  /** Decoded pixels held in memory, over all threads. */
  cacheBytes: number;
  /** Who takes external steps; absent: there is nobody, and no task may have any. */
  external?: ExternalCrappifiers;
}

/** One message of ReadPixels at most. */
const maximumBlockBytes = 256 * 1024;
/** What one task reads for it: many messages, but few enough rows to decode a chunk once or twice. */
const maximumBandBytes = 4 * 1024 * 1024;
const maximumMetadataBytes = 1024 * 1024;

export class PixelReader {
  readonly #pool: ThreadPool<PixelTask, unknown>;
  /** For tasks with external steps, which mostly wait: they hold up no others. It starts with the first of them. */
  readonly #waitingPool: ThreadPool<PixelTask, unknown> | undefined;
  readonly #external: ExternalCrappifiers | undefined;
  readonly threads: number;

  constructor({ objects, threads, cacheBytes, external }: PixelReaderOptions) {
    this.threads = threads;
    this.#external = external;
    const calls = external?.concurrency ?? 0;
    const common = {
      script: new URL("./pixel-thread.js", import.meta.url),
      workerData: { cacheBytes: Math.floor(cacheBytes / (calls > 0 ? threads + 1 : threads)) },
      answer: fetchFor(objects),
    };
    // One fetches while the other computes.
    this.#pool = new ThreadPool({ ...common, name: "crappify", threads, tasksPerThread: 2 });
    if (calls === 0) return;
    this.#waitingPool = new ThreadPool({ ...common, name: "crappify, external", threads: 1, tasksPerThread: calls });
  }

  /** Tasks that can be worked at together; more only wait. */
  get parallelism(): number {
    return this.threads * 2;
  }

  /** Tasks waiting or under way, for tests and metrics. */
  get load(): number {
    const pools = [this.#pool, this.#waitingPool].filter((pool) => pool !== undefined);
    return pools.reduce((tasks, { waiting, running }) => tasks + waiting + running, 0);
  }

  async read(box: Box, { signal }: Abortable): Promise<Uint8Array> {
    return (await this.#run({ do: "read", ...box }, { signal })) as Uint8Array;
  }

  async preview(box: Box, order: CrappifyOrder, { signal }: Abortable): Promise<PreviewBytes> {
    return (await this.#run({ do: "preview", ...box, order }, { signal })) as PreviewBytes;
  }

  /** The same memory, which is handed over: a tile's pixels, behind them its counterpart's, then the next pair's. */
  async pairs(orders: readonly PairOrder[], into: ArrayBuffer, { signal }: Abortable): Promise<ArrayBuffer> {
    return (await this.#run({ do: "pairs", pairs: orders, into }, { signal, transfer: [into] })) as ArrayBuffer;
  }

  async describe(
    stored: { location: string; pixelSizeNm: number; levels: Levels },
    { signal }: Abortable,
  ): Promise<Described> {
    return (await this.#run({ do: "describe", ...stored }, { signal })) as Described;
  }

  /** A region as blocks of at most 256 KiB that follow each other in C order; one band of rows ahead of the reader. */
  async *blocks(image: StoredImage, region: Region, { signal }: Abortable): AsyncIterable<PixelBlock> {
    const { axes, dtype, location } = image;
    const size = bytesPerPixel[dtype];
    for (const band of bands(region, maximumBandBytes / size)) {
      const bytes = await this.read({ location, ...band }, { signal });
      let offset = 0;
      for (const { start, shape } of bands(band, maximumBlockBytes / size)) {
        const length = shape.reduce((product, side) => product * side, size);
        const origin = start.map((first, axis) => first - region.start[axis]!);
        yield toPixelBlock(axes, shape, origin, dtype, bytes.subarray(offset, offset + length));
        offset += length;
      }
    }
  }

  async close(): Promise<void> {
    await Promise.all([this.#pool.close(), this.#waitingPool?.close()]);
  }

  #run(task: PixelTask, options: Omit<RunOptions, "answer">): Promise<unknown> {
    const external = this.#external;
    const orders = task.do === "pairs" ? task.pairs : [task];
    const waits = orders.some((each) => "order" in each && hasExternalSteps(each.order.crappifier));
    if (!waits || external === undefined || this.#waitingPool === undefined) return this.#pool.run(task, options);
    const comesAgain = task.do === "pairs";
    const answer: Answer = async (question, { signal }) => {
      const pixels = await external.call((question as ExternalQuestion).external, { signal, comesAgain });
      return { value: pixels, transfer: [pixels.buffer] };
    };
    return this.#waitingPool.run(task, { ...options, answer });
  }
}

/** Answers the questions of threads that read stored images. */
export function fetchFor(objects: ObjectStore): Answer {
  return async (asked, { signal }) => {
    const question = asked as PixelQuestion;
    if ("whole" in question) {
      const exists = (await objects.stat(question.whole, { signal })) !== undefined;
      return { value: exists ? await objects.getBytes(question.whole, maximumMetadataBytes, { signal }) : undefined };
    }
    const { part, range } = question;
    if ("length" in range) return { value: await objects.range(part, range.offset, range.length, { signal }) };
    const size = (await objects.stat(part, { signal }))?.size ?? 0;
    const length = Math.min(size, range.suffixLength);
    return { value: await objects.range(part, size - length, length, { signal }) };
  };
}

/** Cuts a region into boxes of at most so many pixels that follow each other in C order: rows of a plane, or parts of a row. */
function* bands(region: Region, maximumPixels: number): Iterable<Region> {
  const [height, width] = [region.shape.at(-2)!, region.shape.at(-1)!];
  const leading = region.shape.slice(0, -2);
  const columns = Math.min(width, Math.floor(maximumPixels));
  const rows = columns < width ? 1 : Math.max(1, Math.min(height, Math.floor(maximumPixels / width)));
  const planes = leading.reduce((product, size) => product * size, 1);
  for (let plane = 0; plane < planes; plane++) {
    const place: number[] = [];
    for (let axis = leading.length - 1, rest = plane; axis >= 0; axis--) {
      place.unshift(region.start[axis]! + (rest % leading[axis]!));
      rest = Math.floor(rest / leading[axis]!);
    }
    const [top, left] = [region.start.at(-2)!, region.start.at(-1)!];
    for (let y = 0; y < height; y += rows) {
      for (let x = 0; x < width; x += columns) {
        yield {
          start: [...place, top + y, left + x],
          shape: [...leading.map(() => 1), Math.min(rows, height - y), Math.min(columns, width - x)],
        };
      }
    }
  }
}
