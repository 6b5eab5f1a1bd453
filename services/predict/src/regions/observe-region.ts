/** Regions and their tiles as spans and metrics see them. */
import { operationName } from "@pssr/api";
import { counter, gauge, histogram, inSpan, jobBuckets, runInScope, type TraceContext } from "@pssr/platform";
import { type RegionJob, regionKind } from "./region-job.js";

const tilesTotal = counter("pssr_tiles_predicted_total", "Tiles that a network has restored");
const regionSeconds = histogram(
  "pssr_region_seconds",
  "Regions of images worked on, from the claim to the verdict; shorter than a moment where another was faster",
  jobBuckets,
  ["outcome"],
);

const supervised = new Set<() => number>();

gauge(
  "pssr_regions_pending",
  "Regions without a verdict, of the predictions that this process coordinates",
  [],
  (pending) => pending.set([...supervised].reduce((sum, left) => sum + left(), 0)),
);

/** Counts the regions that a prediction still lacks until the returned function is called. */
export function countPending(left: () => number): () => void {
  supervised.add(left);
  return () => supervised.delete(left);
}

/** Work on a region, in the trace of the prediction that it is of. */
export function observeRegion(
  { project, operation: id, attempt, index }: RegionJob,
  published: TraceContext | undefined,
  work: () => Promise<void>,
): Promise<void> {
  const operation = operationName.format({ project, operation: id });
  const attributes = { "pssr.operation": operation, "pssr.attempt": attempt, "pssr.region": index };
  const options = { kind: "consumer", parent: published, attributes } as const;
  return runInScope({ operation }, () =>
    inSpan(`work on ${regionKind}`, options, async () => {
      const began = performance.now();
      let outcome = "failed";
      try {
        await work();
        outcome = "done";
      } finally {
        regionSeconds.observe({ outcome }, (performance.now() - began) / 1000);
      }
    }),
  );
}

/** The part in which a region's tiles are restored and put together; `restore` calls back after each tile, and `tell` hears of it. */
export function observeTiles<T>(tell: () => void, restore: (onTile: () => void) => Promise<T>): Promise<T> {
  return inSpan("tiles", {}, async (span) => {
    let tiles = 0;
    try {
      return await restore(() => {
        tiles += 1;
        tilesTotal.inc();
        tell();
      });
    } finally {
      span.set({ "pssr.tiles": tiles });
    }
  });
}
