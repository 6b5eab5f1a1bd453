/** A training small enough for a test: stripes in all directions, their low-resolution side averaged and noisy. */
import { resolveNetworkConfig } from "@pssr/networks";
import type { LearningSpec } from "../../dist/learning/trainer.js";
import type { BatchSource, TrainingBatch } from "../../dist/learning/training-batch.js";

const scale = 4;

export function smallSpec(steps: number, change: Partial<LearningSpec> = {}): LearningSpec {
  return {
    network: resolveNetworkConfig({ family: "compact", scale, options: { width: 8, depth: 1 } }),
    seed: 3,
    loss: { msSsimShare: 0.5 },
    optimizer: {},
    schedule: { learningRate: 2e-3, warmupSteps: 2, finalShare: 0.1, budget: { steps } },
    ...change,
  };
}

/** The same step always gives the same batch: values 0 … 255 with black at 10 and white at 240. */
export function stripes(step: number, samples = 2, side = 8): TrainingBatch {
  const hrSide = side * scale;
  const hr = new Uint8Array(samples * hrSide * hrSide);
  const lr = new Uint16Array(samples * side * side);
  for (let sample = 0; sample < samples; sample++) {
    const angle = step * 1.7 + sample * 0.9;
    for (let i = 0; i < hrSide * hrSide; i++) {
      const [y, x] = [Math.floor(i / hrSide), i % hrSide];
      hr[sample * hrSide * hrSide + i] = 125 + 90 * Math.sin(0.5 * (x * Math.cos(angle) + y * Math.sin(angle)));
    }
    for (let i = 0; i < side * side; i++) {
      const [y, x] = [Math.floor(i / side) * scale, (i % side) * scale];
      let sum = 0;
      for (let dy = 0; dy < scale; dy++) {
        for (let dx = 0; dx < scale; dx++) sum += hr[sample * hrSide * hrSide + (y + dy) * hrSide + x + dx]!;
      }
      const noise = ((i * 7919 + step * 104729 + sample * 31) % 41) - 20;
      lr[sample * side * side + i] = Math.max(0, sum / scale ** 2 + noise);
    }
  }
  const levels = Float32Array.from({ length: 2 * samples }, (_, i) => (i % 2 === 0 ? 10 : 240));
  return { samples, height: side, width: side, lr, hr, levels };
}

export const endlessStripes: BatchSource = async function* (fromStep) {
  for (let step = fromStep; ; step++) yield stripes(step);
};
