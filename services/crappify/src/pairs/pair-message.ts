/** What a caller asks for as a stream of pairs. */
import { PssrError, Split, type StreamPairsRequest } from "@pssr/api";
import type { Crappifier } from "@pssr/crappifiers";
import { within } from "../within-range.js";
import type { PairStreamSpec } from "./pair-plan.js";

/** Steps beyond it cannot be counted exactly in pairs. */
const maximumStep = 2 ** 42;

/** What a stream of pairs is a function of; `crappifier` is the request's, in numbers. Throws INVALID_FIELD. */
export function fromStreamPairs(request: StreamPairsRequest, crappifier: Crappifier): PairStreamSpec {
  const split = fromSplit(request.split);
  const batchSize = within(request.batchSize || 8, 1, 1024, "batch_size");
  // A share beyond the batch's size would wait for ever for a pair of its own.
  const shardCount = within(request.shardCount || 1, 1, batchSize, "shard_count");
  if (request.augment && split === "validation") {
    throw new PssrError(
      "INVALID_FIELD",
      "augment: tiles held back are never turned; ask for the TRAINING split, or without",
      {
        field: "augment",
      },
    );
  }
  return {
    split,
    crappifier,
    seed: request.seed,
    batchSize,
    fromStep: within(Number(request.fromStep), 0, maximumStep, "from_step"),
    steps: within(Number(request.steps), 0, maximumStep, "steps"),
    augment: request.augment,
    fixedNoise: request.fixedNoise,
    intensityAugmentation: fromShare(request.intensityAugmentation, split),
    shardIndex: within(request.shardIndex, 0, shardCount - 1, "shard_index"),
    shardCount,
  };
}

function fromSplit(split: Split): PairStreamSpec["split"] {
  if (split === Split.SPLIT_VALIDATION) return "validation";
  if (split === Split.SPLIT_TRAINING || split === Split.SPLIT_UNSPECIFIED) return "training";
  throw new PssrError("INVALID_FIELD", `split: ${split} is no side of a split; use TRAINING or VALIDATION`, {
    field: "split",
  });
}

function fromShare(share: number, split: PairStreamSpec["split"]): number {
  const field = "intensity_augmentation";
  if (!(share >= 0 && share <= 0.9)) {
    throw new PssrError("INVALID_FIELD", `${field}: ${share} is outside 0 to 0.9`, { field });
  }
  if (share === 0 || split === "training") return share;
  throw new PssrError(
    "INVALID_FIELD",
    `${field}: tiles held back are never changed; ask for the TRAINING split, or without`,
    { field },
  );
}
