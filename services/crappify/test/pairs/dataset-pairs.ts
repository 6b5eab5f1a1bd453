/** Datasets of pictures, and the pairs that a real service gives of them. */
import type { TestContext } from "node:test";
import type { Crappifier, Dataset, PairPart, StreamPairsRequest } from "@pssr/api";
import { type Installation, project, startInstallation } from "../installation.js";
import { picture, png } from "../pictures.js";
import { importImage } from "../upload.js";

type Stream = Partial<Omit<StreamPairsRequest, "crappifier">> & { crappifier?: Crappifier };

export interface Pair {
  step: number;
  index: number;
  pairsInStep: number;
  low: Uint8Array;
  high: Uint8Array;
}

export const noiseless: Crappifier = { optics: [], sampling: { scale: 4, kernel: 0 }, detector: [], named: undefined };

export async function withDataset(
  t: TestContext,
  options: {
    flags?: string[];
    dataset?: Partial<Dataset>;
    shapes?: [number, number][];
    dtype?: "uint8" | "uint16";
  } = {},
): Promise<Installation & { dataset: Dataset }> {
  const installation = await startInstallation(t, options.flags);
  const images: string[] = [];
  for (const [i, shape] of (
    options.shapes ??
    ([
      [200, 200],
      [180, 260],
    ] as [number, number][])
  ).entries()) {
    images.push((await importImage(installation, `image-${i}`, png(picture(shape, options.dtype ?? "uint8", i)))).name);
  }
  const dataset = await installation.datasets.createDataset({
    parent: project,
    datasetId: "d",
    dataset: { images, tileSize: 32, ...options.dataset },
  });
  return { ...installation, dataset };
}

export async function parts(
  { crappify, dataset }: Installation & { dataset: Dataset },
  stream: Stream,
): Promise<PairPart[]> {
  const all: PairPart[] = [];
  for await (const { parts } of crappify.streamPairs({ dataset: dataset.name, seed: 7n, batchSize: 4, ...stream }))
    all.push(...parts);
  return all;
}

/** Pairs put together from their parts. */
export async function pairs(installation: Installation & { dataset: Dataset }, stream: Stream): Promise<Pair[]> {
  const all: Pair[] = [];
  let [low, high]: [Uint8Array[], Uint8Array[]] = [[], []];
  for (const part of await parts(installation, stream)) {
    if (part.low) low.push(part.low.data);
    if (part.high) high.push(part.high.data);
    if (!part.last) continue;
    const { step, index, pairsInStep } = part;
    all.push({ step: Number(step), index, pairsInStep, low: Buffer.concat(low), high: Buffer.concat(high) });
    [low, high] = [[], []];
  }
  return all;
}
