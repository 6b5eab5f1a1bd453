/** A resolved training in the terms of the learning core. */
import type { Training } from "@pssr/api";
import type { LearningSpec } from "../learning/trainer.js";
import { scheduleShape } from "./learning-defaults.js";
import { networkOf } from "./resolve-network.js";

export function learningSpecOf({ network, crappifier, learning }: Training): LearningSpec {
  const { budget, seed, structureWeight, weightDecay, learningRate } = learning!;
  return {
    network: networkOf(network, crappifier!.sampling!.scale).config,
    // The learning core takes what a double holds exactly; all 64 bits decide the pairs.
    seed: Number(BigInt.asUintN(53, seed)),
    loss: { msSsimShare: structureWeight! },
    optimizer: { weightDecay: weightDecay! },
    schedule: {
      learningRate,
      ...scheduleShape,
      budget:
        budget?.$case === "maxSteps"
          ? { steps: Number(budget.value) }
          : { seconds: Number(budget!.value.seconds) + budget!.value.nanos / 1e9 },
    },
  };
}
