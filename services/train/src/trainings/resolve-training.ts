/**
 * Completes what a caller asked for: every default becomes a number, the dataset is pinned by its digest, and what makes
 * no sense is refused with the field's path, before anything is stored.
 */
import { type Dataset, LearningSpec, modelName, PssrError, Training } from "@pssr/api";
import { checkFit, type ResolvedCrappifier, toCrappifierMessage } from "@pssr/crappifiers";
import { learningDefaults } from "./learning-defaults.js";
import { checkTileSize, networkOf, toNetworkSpec } from "./resolve-network.js";

const maximumSteps = 10_000_000n;
const maximumSeconds = 30n * 24n * 3600n;

/**
 * The training with everything decided. `id` is its own id, `dataset` what its dataset is now, `named` its crappifier in
 * numbers. Throws INVALID_FIELD and DATASET_EMPTY.
 */
export function resolveTraining(
  asked: Training,
  project: string,
  id: string,
  dataset: Dataset,
  named: ResolvedCrappifier,
): Training {
  const { tileSize, pixelSizeNm } = dataset;
  checkFit(
    named.crappifier,
    { height: tileSize, width: tileSize, pixelSizeNm: pixelSizeNm || undefined },
    "training.crappifier",
  );
  const crappifier = toCrappifierMessage(named.crappifier);
  const network = networkOf(asked.network, crappifier.sampling!.scale);
  checkTileSize(network, tileSize);
  const learning = resolveLearning(asked.learning);
  if (dataset.trainingTiles === 0n || dataset.validationTiles === 0n) {
    const purpose = dataset.trainingTiles === 0n ? "to learn from" : "to measure on";
    throw new PssrError(
      "DATASET_EMPTY",
      `${dataset.name} has no tile ${purpose}; make one with more or larger images`,
      {
        field: "training.dataset",
      },
    );
  }
  const model = asked.model === "" ? modelName.format({ project, model: id }) : asked.model;
  if (modelName.parse(model, "training.model").project !== project) {
    throw invalid("training.model", `the model must be of the training's own project, projects/${project}`);
  }
  return Training.fromPartial({
    dataset: dataset.name,
    datasetDigest: dataset.digest,
    crappifier,
    crappifierSource: named.source,
    network: toNetworkSpec(network),
    learning,
    model,
  });
}

function resolveLearning(asked: LearningSpec | undefined): LearningSpec {
  const spec = LearningSpec.fromPartial(asked ?? {});
  const { batchSize, learningRate } = learningDefaults;
  return {
    budget: resolveBudget(spec.budget),
    batchSize: within("batch_size", spec.batchSize === 0 ? batchSize : spec.batchSize, 1, 256),
    learningRate: within("learning_rate", spec.learningRate === 0 ? learningRate : spec.learningRate, 1e-9, 0.1),
    weightDecay: within("weight_decay", spec.weightDecay ?? learningDefaults.weightDecay, 0, 1),
    structureWeight: within("structure_weight", spec.structureWeight ?? learningDefaults.structureWeight, 0, 1),
    seed: spec.seed,
    noAugmentation: spec.noAugmentation,
    fixedNoise: spec.fixedNoise,
    intensityAugmentation: within("intensity_augmentation", spec.intensityAugmentation, 0, 0.9),
  };
}

function resolveBudget(budget: LearningSpec["budget"]): LearningSpec["budget"] {
  if (budget === undefined) {
    return { $case: "maxDuration", value: { seconds: BigInt(learningDefaults.seconds), nanos: 0 } };
  }
  if (budget.$case === "maxSteps") {
    if (budget.value >= 1n && budget.value <= maximumSteps) return budget;
    throw invalid("training.learning.max_steps", `${budget.value} is outside 1 to ${maximumSteps}`);
  }
  const { seconds, nanos } = budget.value;
  const total = Number(seconds) + nanos / 1e9;
  if (seconds >= 0n && seconds <= maximumSeconds && nanos >= 0 && nanos < 1e9 && total > 0) return budget;
  throw invalid("training.learning.max_duration", `${total} s is outside 0 (not included) to 30 days`);
}

function within(field: string, value: number, least: number, most: number): number {
  if (Number.isFinite(value) && value >= least && value <= most) return value;
  throw invalid(`training.learning.${field}`, `${value} is outside ${least} to ${most}`);
}

function invalid(field: string, problem: string): PssrError {
  return new PssrError("INVALID_FIELD", `${field}: ${problem}`, { field });
}
