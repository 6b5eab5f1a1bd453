/** Between the contract's messages and our plain types: the only place that knows both. */
import {
  Evaluation,
  Evaluation_State as EvaluationState,
  evaluationName,
  type Image,
  imageName,
  type MethodScore,
  Prediction,
  Prediction_State as PredictionState,
  Progress,
  PssrError,
  predictionName,
  type RegisterImageRequest,
  MethodScore_Method as ScoreMethod,
} from "@pssr/api";
import { fromDataType, fromIntensityLevels, toDataType, toIntensityLevels } from "@pssr/imaging";
import { type RecordKey, type TypedBytes, typedMessage } from "@pssr/platform";
import type { EvaluationRecord, PairIds } from "./evaluation/evaluation-record.js";
import { type Method, meanScores, type Score } from "./evaluation/scores.js";
import type { PredictionRecord, ResourceState } from "./predictions/prediction-record.js";
import { type InputImage, outputShape, type PredictionSpec } from "./predictions/prediction-spec.js";

const predictionStates: Readonly<Record<ResourceState, PredictionState>> = {
  ACTIVE: PredictionState.STATE_ACTIVE,
  SUCCEEDED: PredictionState.STATE_SUCCEEDED,
  FAILED: PredictionState.STATE_FAILED,
  CANCELLED: PredictionState.STATE_CANCELLED,
};

const evaluationStates: Readonly<Record<ResourceState, EvaluationState>> = {
  ACTIVE: EvaluationState.STATE_ACTIVE,
  SUCCEEDED: EvaluationState.STATE_SUCCEEDED,
  FAILED: EvaluationState.STATE_FAILED,
  CANCELLED: EvaluationState.STATE_CANCELLED,
};

const scoreMethods: Readonly<Record<Method, ScoreMethod>> = {
  IMAGE: ScoreMethod.METHOD_IMAGE,
  BILINEAR: ScoreMethod.METHOD_BILINEAR,
  BICUBIC: ScoreMethod.METHOD_BICUBIC,
};

/** An image as its owner describes it. Throws UNSUPPORTED_PIXELS, naming `field`, for a description newer than this release. */
export function fromImage(image: Image, field: string): InputImage {
  if (image.levels === undefined) {
    throw new PssrError("UNSUPPORTED_PIXELS", `${field}: this release cannot read the levels of ${image.name}`, {
      field,
    });
  }
  return {
    name: image.name,
    digest: image.digest,
    location: image.location,
    axes: image.axes,
    shape: image.shape.map(Number),
    dtype: fromDataType(image.dataType, field),
    pixelSizeNm: image.pixelSizeNm,
    levels: fromIntensityLevels(image.levels, field),
  };
}

export function toPrediction({ project, id }: RecordKey, record: PredictionRecord): Prediction {
  return {
    name: predictionName.format({ project, prediction: id }),
    image: record.image,
    modelVersion: record.modelVersion,
    outputImage: record.outputImage,
    tileSize: record.tileSize,
    state: predictionStates[record.state],
    operation: record.operation,
    clippedPixels: BigInt(record.clippedPixels),
    createTime: new Date(record.createMs),
  };
}

export function toPredictionResult(key: RecordKey, record: PredictionRecord): TypedBytes {
  return typedMessage("Prediction", Prediction.encode(toPrediction(key, record)).finish());
}

/** How many pixels were clipped, of an operation's result. */
export function clippedPixelsOf(result: TypedBytes): number {
  return Number(Prediction.decode(result.bytes).clippedPixels);
}

/** The restored image of a specification, for its owner-to-be. */
export function toRegistration(
  { project, id }: RecordKey,
  spec: PredictionSpec,
  restored: { outputImage: string; location: string; clippedPixels: number; owner: string },
): RegisterImageRequest {
  const { image, model } = spec;
  return {
    parent: `projects/${project}`,
    imageId: imageName.parse(restored.outputImage).image,
    image: {
      name: restored.outputImage,
      axes: image.axes,
      shape: outputShape(spec).map(BigInt),
      dataType: toDataType(image.dtype),
      pixelSizeNm: image.pixelSizeNm / model.scale,
      levels: toIntensityLevels(image.levels),
      digest: "",
      origin: {
        kind: {
          $case: "prediction",
          value: {
            prediction: predictionName.format({ project, prediction: id }),
            modelVersion: model.name,
            inputImage: image.name,
            inputDigest: image.digest,
            clippedPixels: BigInt(restored.clippedPixels),
          },
        },
      },
      createTime: undefined,
      location: restored.location,
    },
    owner: restored.owner,
  };
}

/** @param scores one list a pair; absent while there are none */
export function toEvaluation(
  { project, id }: RecordKey,
  record: EvaluationRecord,
  scores: readonly (readonly Score[])[] | undefined,
): Evaluation {
  const pairs = record.asked.map((pair) => toPair(project, pair));
  return {
    name: evaluationName.format({ project, evaluation: id }),
    pairs,
    results: scores?.map((one, index) => ({ pair: pairs[index], scores: one.map(toScore) })) ?? [],
    mean: scores === undefined ? [] : meanScores(scores).map(toScore),
    state: evaluationStates[record.state],
    operation: record.operation,
    createTime: new Date(record.createMs),
  };
}

export function toEvaluationResult(evaluation: Evaluation): TypedBytes {
  return typedMessage("Evaluation", Evaluation.encode(evaluation).finish());
}

export function toProgress(progress: {
  phase: string;
  done: number;
  total: number;
  unit: string;
  /** Milliseconds to the end; undefined: not known. */
  remainingMs?: number | undefined;
}): TypedBytes {
  const { phase, done, total, unit, remainingMs } = progress;
  const remaining =
    remainingMs === undefined
      ? undefined
      : { seconds: BigInt(Math.floor(remainingMs / 1000)), nanos: Math.floor(remainingMs % 1000) * 1e6 };
  const message = Progress.fromPartial({
    phase,
    done: BigInt(done),
    total: BigInt(total),
    unit,
    fraction: total === 0 ? 0 : done / total,
  });
  return typedMessage("Progress", Progress.encode({ ...message, remaining }).finish());
}

function toPair(project: string, { image, reference, input }: PairIds) {
  const name = (id: string) => (id === "" ? "" : imageName.format({ project, image: id }));
  return { image: name(image), reference: name(reference), input: name(input) };
}

function toScore({ method, psnr, ssim, psnrFitted, ssimFitted, gain, offset }: Score): MethodScore {
  return { method: scoreMethods[method], psnr, ssim, psnrFitted, ssimFitted, gain, offset };
}
