/** How many tensors a training has more after many steps than after its first: 0, or it leaks. */
import { resolveNetworkConfig } from "@pssr/networks";
import { startTraining, type TrainingBatch } from "@pssr/train/learning";

export async function tensorGrowth(steps: number): Promise<number> {
  const tensors: number[] = [];
  await using training = startTraining({
    learning: {
      network: resolveNetworkConfig({ options: { width: 8, depth: 1, blocks: 1 } }),
      seed: 1,
      loss: { msSsimShare: 0.2 },
      optimizer: {},
      schedule: { learningRate: 1e-3, warmupSteps: 10, finalShare: 0.01, budget: { steps } },
    },
    batches: noise,
    signal: AbortSignal.timeout(600_000),
  });
  for await (const event of training.events) if (event.kind === "progress") tensors.push(event.tensors);
  if (tensors.length !== steps) throw new Error(`${tensors.length} of ${steps} steps were reported`);
  return tensors.at(-1)! - tensors[0]!;
}

async function* noise(): AsyncGenerator<TrainingBatch> {
  for (let step = 0; ; step++) {
    const pixels = (count: number) => Uint8Array.from({ length: count }, (_, i) => ((i + step) * 2654435761) >>> 24);
    yield {
      samples: 2,
      height: 12,
      width: 12,
      lr: pixels(2 * 144),
      hr: pixels(2 * 2304),
      levels: Float32Array.of(0, 255, 0, 255),
    };
  }
}
