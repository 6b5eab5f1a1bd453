/**
 * The threads that degrade one image in bands of rows. It has them for itself, so that tiles and previews wait for none of its
 * bands; the memory that they have grown to goes with them.
 */
import type { Levels } from "@pssr/imaging";
import { type Abortable, type ObjectStore, ThreadPool } from "@pssr/platform";
import { fetchFor } from "../pixels/pixel-reader.js";
import type { Box, CrappifyOrder, Described, PixelTask } from "../pixels/pixel-tasks.js";

export class BandThreads implements AsyncDisposable {
  readonly #pool: ThreadPool<PixelTask, unknown>;

  constructor(objects: ObjectStore, threads: number) {
    this.#pool = new ThreadPool({
      script: new URL("../pixels/pixel-thread.js", import.meta.url),
      name: "crappify, image",
      threads,
      // Chunks at a band's edges are read again for the next one: rather that than as much memory for keeping them.
      workerData: { cacheBytes: 0 },
      answer: fetchFor(objects),
    });
  }

  async band(box: Box, order: CrappifyOrder, rowsAtOnce: number, { signal }: Abortable): Promise<Uint8Array> {
    return (await this.#pool.run({ do: "band", ...box, order, rowsAtOnce }, { signal })) as Uint8Array;
  }

  async describe(
    stored: { location: string; pixelSizeNm: number; levels: Levels },
    { signal }: Abortable,
  ): Promise<Described> {
    return (await this.#pool.run({ do: "describe", ...stored }, { signal })) as Described;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#pool.close();
  }
}
