/** An operation as the contract has it: `google.longrunning.Operation` with an OperationMetadata. */
import {
  type Any,
  type Operation,
  OperationMetadata,
  OperationMetadata_State,
  Progress,
  PssrError,
  statusOf,
} from "@pssr/api";
import type { TypedBytes } from "./record.js";
import type { OperationView } from "./view.js";

const states = {
  PENDING: OperationMetadata_State.STATE_PENDING,
  RUNNING: OperationMetadata_State.STATE_RUNNING,
  SUCCEEDED: OperationMetadata_State.STATE_SUCCEEDED,
  FAILED: OperationMetadata_State.STATE_FAILED,
  CANCELLED: OperationMetadata_State.STATE_CANCELLED,
} as const;

export function toOperation(view: OperationView): Operation {
  const metadata: OperationMetadata = {
    resource: `projects/${view.project}/${view.kind}s/${view.resource}`,
    state: states[view.state],
    cancelRequested: view.cancelRequested,
    attempt: view.attempt,
    progress: view.progress && Progress.decode(view.progress.bytes),
    createTime: new Date(view.submittedMs),
    endTime: view.endedMs === undefined ? undefined : new Date(view.endedMs),
  };
  return {
    name: view.name,
    metadata: any(typedMessage("OperationMetadata", OperationMetadata.encode(metadata).finish())),
    done: view.done,
    result: toResult(view),
  };
}

/** A message of ours as operations carry it: `typedMessage("Training", Training.encode(training).finish())`. */
export function typedMessage(name: string, bytes: Uint8Array): TypedBytes {
  return { type: `type.googleapis.com/pssr.v1.${name}`, bytes };
}

function toResult({ result, error }: OperationView): Operation["result"] {
  if (result !== undefined) return { $case: "response", value: any(result) };
  if (error === undefined) return undefined;
  const { reason, message, field, metadata } = error;
  return { $case: "error", value: statusOf(new PssrError(reason, message, { field, metadata })) };
}

function any({ type, bytes }: TypedBytes): Any {
  return { typeUrl: type, value: bytes };
}
