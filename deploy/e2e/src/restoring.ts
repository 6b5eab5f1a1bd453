/** Has an image restored, and gives the digest of its pixels: the same however many pods worked on it. */
import { createHash } from "node:crypto";
import { Prediction } from "@pssr/api";
import type { PssrClient } from "@pssr/client";
import { secondsSince } from "./seconds.js";
import { Watcher, type WatchReport } from "./watcher.js";

export interface Restored {
  outputImage: string;
  sha256: string;
  seconds: number;
  watch: WatchReport;
}

export interface Restoring {
  readonly watcher: Watcher;
  /** Once it is done. Throws where it fails. */
  result(): Promise<Restored>;
}

export async function restoring(
  client: PssrClient,
  parent: string,
  prediction: { image: string; modelVersion: string },
  signal: AbortSignal,
): Promise<Restoring> {
  const begun = performance.now();
  const { name } = await client.predictions.createPrediction({ parent, prediction }, { signal });
  const watcher = new Watcher(client, name, signal);
  return {
    watcher,
    async result() {
      const watch = await watcher.ended;
      const seconds = secondsSince(begun);
      const { result } = await client.operations.getOperation({ name }, { signal });
      if (result?.$case !== "response") throw new Error(`${name} ended ${watch.end}: ${result?.value.message}`);
      const { outputImage } = Prediction.decode(result.value.value);
      const hash = createHash("sha256");
      for await (const block of client.images.readPixels({ name: outputImage }, { signal })) hash.update(block.data);
      return { outputImage, sha256: hash.digest("hex"), seconds, watch };
    },
  };
}
