/** A large image is restored by one pod, and again while pods are added and taken away: to the same bytes. */
import type { PssrClient } from "@pssr/client";
import { scale } from "./disturbances.js";
import type { KubectlOptions } from "./kubectl.js";
import { secondsUntilAllAreCalled } from "./new-pods.js";
import type { Report } from "./report.js";
import { restoring } from "./restoring.js";

export interface Place {
  readonly client: PssrClient;
  readonly parent: string;
  /** Restored twice over it is large. */
  readonly image: string;
}

export async function scaledPrediction(
  report: Report,
  { client, parent, image }: Place,
  options: KubectlOptions,
): Promise<void> {
  const modelVersion = `${parent}/models/em-x4/versions/latest`;
  const start = (input: string) => restoring(client, parent, { image: input, modelVersion }, options.signal);
  const large = (await (await start(image)).result()).outputImage;
  const quiet = await (await start(large)).result();
  report.note("a large image was restored by one pod", { seconds: quiet.seconds });

  const disturbed = await start(large);
  await disturbed.watcher.until("a region was done", ({ progress }) => (progress?.done ?? 0n) > 0n);
  await scale("predict", 3, options);
  const called = await secondsUntilAllAreCalled("predict", 60_000, options);
  report.check("predict has three pods, all of which are called within a minute", called !== undefined, { called });
  await scale("predict", 1, options);
  const scaled = await disturbed.result();
  report.check("scaled 1 → 3 → 1 it was restored to the same bytes", scaled.sha256 === quiet.sha256, {
    seconds: scaled.seconds,
    watch: scaled.watch,
  });
}
