/** A thread that measures pairs of images; see EvaluationThreads. */
import { openOmeZarr, type PixelArray } from "@pssr/imaging";
import { serveThread } from "@pssr/platform";
import type { InputImage } from "../predictions/prediction-spec.js";
import { AskedStore } from "../reading/asked-store.js";
import type { ResolvedPair } from "./evaluation-job.js";
import { measurePair } from "./measure-pair.js";
import type { Score } from "./scores.js";

serveThread<ResolvedPair, Score[]>(async ({ image, reference, input }, { signal, ask }) => {
  const read = async ({ location, shape }: InputImage): Promise<PixelArray> => {
    const opened = await openOmeZarr(new AskedStore(location, ask), { signal });
    return opened.readRegion({ start: shape.map(() => 0), shape }, { signal });
  };
  const pixels = {
    image: await read(image),
    reference: await read(reference),
    input: input && (await read(input)),
  };
  return { value: measurePair(pixels, reference.levels.white - reference.levels.black) };
});
