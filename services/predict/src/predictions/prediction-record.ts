/** What is stored of a prediction: the request as it was understood, and how it ended. */

import type { OperationState, VersionedRecord } from "@pssr/platform";
import type { AskedPrediction } from "./prediction-spec.js";

export type ResourceState = "ACTIVE" | "SUCCEEDED" | "FAILED" | "CANCELLED";

export interface PredictionRecord extends VersionedRecord {
  readonly state: ResourceState;
  /** As the caller put it, to know the same request again. */
  readonly asked: AskedPrediction;
  /** Resource names, "latest" and defaults resolved. */
  readonly image: string;
  readonly modelVersion: string;
  readonly outputImage: string;
  readonly tileSize: number;
  readonly operation: string;
  /** The caller's request_id, "" for none. */
  readonly requestId: string;
  readonly clippedPixels: number;
  readonly createMs: number;
}

export const predictionsKind = "predictions";

/** Where a resource stands whose operation stands there. */
export function resourceStateOf(state: OperationState): ResourceState {
  return state === "PENDING" || state === "RUNNING" ? "ACTIVE" : state;
}
