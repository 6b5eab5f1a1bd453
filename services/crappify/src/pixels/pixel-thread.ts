/** The script of the threads that work on pixels: does one task after the other, and asks the pool's thread for bytes. */
import { workerData } from "node:worker_threads";
import { type CallExternal, crappifyCalling, noiseStatistics } from "@pssr/crappifiers";
import {
  encodePng,
  encodeTiff,
  orient,
  type PixelArray,
  type PixelData,
  pixelCount,
  pixelsOf,
  planeCount,
  planeShape,
  type Region,
  tiffSource,
} from "@pssr/imaging";
import { serveThread, type ThreadResult, type ThreadTaskContext, within } from "@pssr/platform";
import { ImageDigest } from "../images/image-digest.js";
import { ChunkCache } from "./chunk-cache.js";
import { crappifyBand } from "./crappify-band.js";
import { multiplySignal } from "./multiply-signal.js";
import type {
  CrappifyOrder,
  Described,
  ExportPiece,
  ExternalQuestion,
  PixelTask,
  PreviewBytes,
} from "./pixel-tasks.js";
import { openStoredPixels, type StoredPixels } from "./stored-pixels.js";

const { cacheBytes } = workerData as { cacheBytes: number };
const cache = new ChunkCache(cacheBytes);
/** Rows read at once where a whole image passes through: those of a row of chunks. */
const bandRows = 256;

type Task<Do extends PixelTask["do"]> = Extract<PixelTask, { do: Do }>;
type Options = Pick<ThreadTaskContext, "signal" | "throwIfGivenUp">;

serveThread<PixelTask, unknown>(async (task, { ask, ...options }) => {
  const call: CallExternal = async (external) => (await ask({ external } satisfies ExternalQuestion)) as Float32Array;
  if (task.do === "pairs") return pairs(task, call, options);
  const image = await within(openStoredPixels(task.location), options);
  switch (task.do) {
    case "read":
      return handOver((await cache.read(image, task, options)).data);
    case "preview":
      return preview(await cache.read(image, task, options), task.order, call, options);
    case "band":
      return handOver(await crappifyBand(image, task, options));
    case "describe":
      return { value: await describe(image, task, options) };
    case "export":
      for await (const chunk of encode(image, task, options)) await ask({ chunk } satisfies ExportPiece);
      return { value: undefined };
  }
});

async function preview(
  pixels: PixelArray,
  order: CrappifyOrder,
  call: CallExternal,
  options: Options,
): Promise<ThreadResult<PreviewBytes>> {
  const { sampling } = order.crappifier;
  const clean = await degrade(pixels, { ...order, crappifier: { optics: [], sampling, detector: [] } }, call, options);
  const degraded = await degrade(pixels, order, call, options);
  const statistics = noiseStatistics(clean, degraded, order.calibration);
  const bytes = bytesOf(degraded);
  return { value: { low: bytes, statistics }, transfer: [bytes.buffer] };
}

async function pairs(
  { pairs, into }: Task<"pairs">,
  call: CallExternal,
  options: Options,
): Promise<ThreadResult<ArrayBuffer>> {
  let at = 0;
  for (const pair of pairs) {
    const image = await within(openStoredPixels(pair.location), options);
    const tile = await cache.read(image, pair, options);
    const { orientation, gain, degradeFirst, order } = pair;
    const { scale } = order.crappifier.sampling;
    const side = tile.shape.at(-1)!;
    if (gain !== 1) multiplySignal(tile, gain, order.calibration);
    const highBytes = tile.data.byteLength;
    const lowBytes = highBytes / scale ** 2;
    const high = pixelsOf(tile.dtype, new Uint8Array(into, at, highBytes));
    const low = pixelsOf(tile.dtype, new Uint8Array(into, at + highBytes, lowBytes));
    orient(tile.data, side, orientation, high);
    if (degradeFirst) orient(await degrade(tile, order, call, options), side / scale, orientation, low);
    else await degrade({ ...tile, data: high }, order, call, options, low);
    at += highBytes + lowBytes;
  }
  return { value: into, transfer: [into] };
}

/** The crappified counterpart, in `out` or a new array; all planes are one tile's frames. */
async function degrade(
  pixels: PixelArray,
  { crappifier, calibration, key }: CrappifyOrder,
  call: CallExternal,
  { throwIfGivenUp }: Options,
  out?: PixelData,
): Promise<PixelData> {
  const { data, dtype } = pixels;
  const [height, width] = planeShape(pixels);
  const tile = { data, dtype, frames: planeCount(pixels), height, width };
  return (await crappifyCalling(call, crappifier, tile, calibration, key, { out, beforeStep: throwIfGivenUp })).data;
}

/** Bands read ahead for a digest: each holds its pixels and the chunks that it touches. */
const bandsAhead = 4;

async function describe(
  image: StoredPixels,
  { pixelSizeNm, levels }: Task<"describe">,
  { signal }: Options,
): Promise<Described> {
  const { axes, dtype } = image;
  const shape = [...image.shape];
  const digest = new ImageDigest({ axes, shape, dtype, pixelSizeNm, levels });
  const [height] = planeShape(image);
  const bands: Region[] = [];
  for (let plane = 0; plane < planeCount(image); plane++)
    for (let row = 0; row < height; row += bandRows)
      bands.push(rowsOf(image, plane, row, Math.min(bandRows, height - row)));
  // A few bands are on their way while one is digested: most of the time is spent waiting for bytes.
  const reading: Promise<PixelArray>[] = [];
  for (let next = 0; next < bands.length || reading.length > 0; ) {
    signal.throwIfAborted();
    while (reading.length < bandsAhead && next < bands.length) {
      const band = image.read(bands[next++]!);
      band.catch(() => undefined); // seen when its turn comes, or not at all when an earlier one failed
      reading.push(band);
    }
    digest.update((await within(reading.shift()!, { signal })).data);
  }
  return { axes, shape, dtype, digest: digest.end() };
}

async function* encode(image: StoredPixels, task: Task<"export">, { signal }: Options): AsyncIterable<Uint8Array> {
  const { axes, shape, dtype } = image;
  const pixelSizeNm = task.pixelSizeNm || undefined;
  if (task.format === "png") {
    const whole = await within(image.read({ start: shape.map(() => 0), shape }), { signal });
    yield encodePng(whole, { pixelSizeNm });
    return;
  }
  const readRegion = (region: Region) => within(image.read(region), { signal });
  const source = tiffSource({ axes, shape, dtype, readRegion });
  const { levels, description } = task;
  yield* encodeTiff(
    source,
    { compression: "DEFLATE", pixelSizeNm, levels, description, rowsPerStrip: bandRows },
    { signal },
  );
}

function rowsOf({ shape }: { shape: readonly number[] }, plane: number, row: number, rows: number): Region {
  const leading = shape.slice(0, -2);
  const start = leading.map((size, axis) => Math.floor(plane / pixelCount(leading.slice(axis + 1))) % size);
  return { start: [...start, row, 0], shape: [...leading.map(() => 1), rows, shape.at(-1)!] };
}

function handOver(data: PixelData): ThreadResult<Uint8Array> {
  const bytes = bytesOf(data);
  return { value: bytes, transfer: [bytes.buffer] };
}

/** The pixels as bytes of a buffer that holds nothing else, so that it can be handed over. */
function bytesOf(data: PixelData): Uint8Array<ArrayBuffer> {
  const { buffer, byteOffset, byteLength } = data;
  const whole = byteOffset === 0 && byteLength === buffer.byteLength && buffer instanceof ArrayBuffer;
  return whole ? new Uint8Array(buffer) : new Uint8Array(data.slice().buffer as ArrayBuffer);
}
