/** What is stored of an evaluation. Its scores stand in the record, or, where they are too long for it, in an object. */
import type { VersionedRecord } from "@pssr/platform";
import type { ResourceState } from "../predictions/prediction-record.js";
import type { StoredScores } from "./scores-file.js";

/** Ids of images within the evaluation's project. */
export interface PairIds {
  readonly image: string;
  readonly reference: string;
  /** "" for none. */
  readonly input: string;
}

export interface EvaluationRecord extends VersionedRecord {
  readonly state: ResourceState;
  readonly asked: readonly PairIds[];
  readonly scores?: StoredScores;
  /** Key of the object that holds them instead. */
  readonly scoresObject?: string;
  readonly operation: string;
  /** The caller's request_id, "" for none. */
  readonly requestId: string;
  readonly createMs: number;
}

export const evaluationsKind = "evaluations";
