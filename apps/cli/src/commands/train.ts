/** `pssr train`: learn to undo a crappifier. */

import { type LearningSpec, Training } from "@pssr/api";
import type { Command } from "commander";
import { integer, number } from "../arguments.js";
import { withContext } from "../context.js";
import { canBeLeft } from "../following.js";
import { counted } from "../terminal/counted.js";
import { duration } from "../terminal/progress.js";
import { addCrappifierOptions, askedCrappifier, type CrappifierOptions } from "./crappifier-options.js";

interface TrainOptions extends CrappifierOptions {
  dataset: string;
  model?: string;
  id?: string;
  minutes?: number;
  steps?: number;
  batchSize: number;
  learningRate?: number;
  structureWeight?: number;
  brightness?: number;
  augmentation: boolean;
  fixedNoise?: boolean;
  seed: number;
  detach?: boolean;
}

export function addTrainCommand(program: Command, signal: AbortSignal): void {
  addCrappifierOptions(program.command("train"))
    .description("train a network on a dataset")
    .requiredOption("--dataset <id>", "the dataset")
    .option("--model <id>", "the model that gets a new version (default: the training's id)")
    .option("--id <id>", "the training's id")
    .option("--minutes <n>", "stop after so much learning (default: 10)", number(0.01, 100_000))
    .option("--steps <n>", "stop after so many steps", integer(1, 10_000_000))
    .option("--batch-size <n>", "pairs a step", integer(1, 256), 8)
    .option("--learning-rate <rate>", "highest learning rate", number(1e-9, 0.1))
    .option("--structure-weight <m>", "weight of 1 − MS-SSIM beside L1, 0 to 1", number(0, 1))
    .option("--brightness <share>", "make tiles brighter and darker by up to this share, 0 to 0.9", number(0, 0.9))
    .option("--no-augmentation", "do not turn and mirror tiles")
    .option("--fixed-noise", "the same noise in every epoch, for comparison only")
    .option("--seed <n>", "seed of weights, order and noise", integer(0, Number.MAX_SAFE_INTEGER), 0)
    .option("--detach", "do not wait; `pssr operations watch` follows it")
    .action(
      withContext(signal, async (context, options: TrainOptions) => {
        const { client, parent, output } = context;
        const operation = await client.trainings.createTraining(
          {
            parent,
            trainingId: options.id,
            training: {
              dataset: context.name("datasets", options.dataset),
              model: options.model === undefined ? "" : context.name("models", options.model),
              crappifier: await askedCrappifier(context, options),
              learning: learningOf(options),
            },
          },
          { signal },
        );
        if (options.detach) return output.result({ operation: operation.name }, operation.name);
        output.note(canBeLeft(operation));
        const training = await context.finish(operation, Training, "training");
        output.result(
          training,
          `${training.modelVersion}: ${counted(training.steps, "step")} in ${duration(training.trainingSeconds)}`,
        );
      }),
    );
}

type PartialLearning = Parameters<typeof LearningSpec.fromPartial>[0];

function learningOf(options: TrainOptions): PartialLearning {
  const budget: PartialLearning["budget"] =
    options.steps !== undefined
      ? { $case: "maxSteps", value: BigInt(options.steps) }
      : options.minutes !== undefined
        ? {
            $case: "maxDuration",
            value: {
              seconds: BigInt(Math.floor(options.minutes * 60)),
              nanos: Math.round(((options.minutes * 60) % 1) * 1e9),
            },
          }
        : undefined;
  return {
    budget,
    batchSize: options.batchSize,
    learningRate: options.learningRate ?? 0,
    structureWeight: options.structureWeight,
    intensityAugmentation: options.brightness ?? 0,
    noAugmentation: !options.augmentation,
    fixedNoise: options.fixedNoise ?? false,
    seed: BigInt(options.seed),
  };
}
