/** What is stored of a fit. What it found lies in objects, under one prefix. */
import { type Fit, Fit_State as FitState, fitName } from "@pssr/api";
import type { OperationState, RecordKey, VersionedRecord } from "@pssr/platform";
import { fromStoredFit } from "./stored-fit.js";

export interface FitRecord extends VersionedRecord {
  /** DELETED: its id is not given again. */
  readonly state: "ACTIVE" | "SUCCEEDED" | "FAILED" | "CANCELLED" | "DELETED";
  /** See FitSpec. */
  readonly fit: unknown;
  readonly asked: string;
  /** The caller's request_id, "" for none. */
  readonly requestId: string;
  readonly operation: string;
  readonly createMs: number;
  /** Of one that has succeeded: where its objects lie. */
  readonly objects?: string;
  /** Name of the crappifier that was saved from it. */
  readonly savedCrappifier?: string;
}

export const fitsKind = "fits";

const states: Readonly<Record<Exclude<FitRecord["state"], "DELETED">, FitState>> = {
  ACTIVE: FitState.STATE_ACTIVE,
  SUCCEEDED: FitState.STATE_SUCCEEDED,
  FAILED: FitState.STATE_FAILED,
  CANCELLED: FitState.STATE_CANCELLED,
};

/** Where a fit stands whose operation stands there. */
export function fitStateOf(state: OperationState): FitRecord["state"] {
  return state === "PENDING" || state === "RUNNING" ? "ACTIVE" : state;
}

/** The fit without its result. */
export function toFit({ project, id }: RecordKey, { state, fit, operation, createMs }: FitRecord): Fit {
  return {
    ...fromStoredFit(fit, project),
    name: fitName.format({ project, fit: id }),
    state: state === "DELETED" ? FitState.STATE_UNSPECIFIED : states[state],
    operation,
    createTime: new Date(createMs),
  };
}
