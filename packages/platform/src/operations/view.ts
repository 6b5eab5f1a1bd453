/** An operation as callers see it. It ends for them when the resources it made are in place, not before. */
import { operationName } from "@pssr/api";
import type { Revision } from "../state/state-store.js";
import {
  isTerminal,
  type OperationError,
  type OperationRecord,
  type OperationState,
  type TypedBytes,
} from "./record.js";

export interface OperationView {
  /** `projects/{project}/operations/{id}` */
  name: string;
  project: string;
  id: string;
  kind: string;
  /** Id of the thing that is being made. */
  resource: string;
  principal: string;
  state: OperationState;
  done: boolean;
  cancelRequested: boolean;
  attempt: number;
  progress: TypedBytes | undefined;
  /** Of a SUCCEEDED one. */
  result: TypedBytes | undefined;
  /** Of a FAILED or CANCELLED one. */
  error: OperationError | undefined;
  submittedMs: number;
  startedMs: number | undefined;
  endedMs: number | undefined;
  /** Of the record; a watch can go on behind it. */
  revision: Revision;
}

/** What a process keeps of every operation: the record without its bulk. */
export type IndexedRecord = Omit<OperationRecord, "request" | "checkpoint">;

export type Progress = NonNullable<OperationRecord["progress"]>;

/** The progress that is further: of the later attempt, and within one, the later. */
export function furtherProgress(a: Progress | undefined, b: Progress | undefined): Progress | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return b.attempt > a.attempt || (b.attempt === a.attempt && b.sequence > a.sequence) ? b : a;
}

export function viewOf(record: IndexedRecord, revision: Revision, told?: Progress): OperationView {
  const ended = isTerminal(record.state);
  const done = ended && record.materialised;
  return {
    name: operationName.format({ project: record.project, operation: record.id }),
    project: record.project,
    id: record.id,
    kind: record.kind,
    resource: record.resource,
    principal: record.principal,
    state: ended && !done ? "RUNNING" : record.state,
    done,
    cancelRequested: record.cancelRequested,
    attempt: record.attempt,
    progress: furtherProgress(record.progress, told)?.value,
    result: done ? record.result?.value : undefined,
    error: done ? record.error : undefined,
    submittedMs: record.times.submittedMs,
    startedMs: record.times.startedMs,
    endedMs: done ? record.times.endedMs : undefined,
    revision,
  };
}
