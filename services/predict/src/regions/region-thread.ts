/** A thread that restores regions; see RegionThreads. */
import { createPixelArray, openOmeZarr, ShardWriter } from "@pssr/imaging";
import { serveThread } from "@pssr/platform";
import { outputShape, regionPlan } from "../predictions/prediction-spec.js";
import { AskedStore } from "../reading/asked-store.js";
import type { RegionTask, TileQuestion } from "./region-threads.js";
import type { EncodedRegion } from "./region-workers.js";
import { restoreRegion } from "./restore-region.js";

serveThread<RegionTask, EncodedRegion>(async ({ spec, index, tilesInFlight }, { signal, ask }) => {
  const { image, model, tileSize } = spec;
  const opened = await openOmeZarr(new AskedStore(image.location, ask), { signal });
  const region = regionPlan(spec).box(index);
  const source = { ...image, read: async (box: typeof region) => (await opened.readRegion(box, { signal })).data };
  const network = {
    ...model,
    run: async (data: Float32Array, height: number, width: number) => {
      const question: TileQuestion = { ask: "tile", data, height, width };
      return (await ask(question, [data.buffer as ArrayBuffer])) as Float32Array;
    },
  };
  const { pixels, clipped } = await restoreRegion(region, source, network, { signal, tileSize, tilesInFlight });

  let shard: { key: string; bytes: Uint8Array } | undefined;
  const capture = {
    async set(key: string, bytes: Uint8Array) {
      shard = { key: key.slice(1), bytes };
    },
  };
  const writer = new ShardWriter(capture, { axes: image.axes, shape: outputShape(spec), dtype: image.dtype });
  const place = region.start.map((start, axis) => start / spec.shardShape[axis]!);
  await writer.write(place, createPixelArray(image.axes, region.shape, pixels), { signal });
  const { key, bytes } = shard!;
  return { value: { key, bytes, clipped }, transfer: [bytes.buffer as ArrayBuffer] };
});
