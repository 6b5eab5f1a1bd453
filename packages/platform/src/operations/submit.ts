/**
 * The beginning of an operation: one put-if-absent of its record decides whether there is a new one. The queue is told and the
 * resource made visible afterwards; where that fails the sweeper does it.
 */
import { createHash } from "node:crypto";
import { checkId, isPssrError, newResourceId, operationName, PssrError } from "@pssr/api";
import type { Abortable } from "../abortable.js";
import { currentScope } from "../log/log-scope.js";
import { formatTraceparent } from "../log/trace-context.js";
import type { JobKind } from "./job.js";
import { operationKey } from "./operation-name.js";
import { checkPart, type OperationRecord, recordSchemaVersion, type TypedBytes } from "./record.js";
import type { OperationRecords, StoredRecord } from "./records.js";

export interface Submission {
  kind: string;
  project: string;
  principal: string;
  /** The client's choice of the new resource's id; else derived from `requestId`, else random. */
  resource?: string;
  /** Repeating a submit with the same one gives the same operation. */
  requestId?: string;
  request: TypedBytes;
}

/**
 * The new record, or the existing one of the same request; ALREADY_EXISTS where the id belongs to another request.
 * `checkRoom` may refuse a new one by throwing.
 */
export async function putSubmission(
  records: OperationRecords,
  kind: JobKind,
  submission: Submission,
  { submittedMs, checkRoom, signal }: Abortable & { submittedMs: number; checkRoom: () => void },
): Promise<StoredRecord> {
  const { project, principal, requestId = "", request } = submission;
  checkId(project, "project");
  const { resource: chosen } = submission;
  const resource = chosen === undefined ? newResourceId("", requestId, "id") : checkId(chosen, "id");
  if (requestId.length > 200) {
    throw new PssrError("INVALID_FIELD", `request_id has ${requestId.length} characters; at most 200`, {
      field: "request_id",
    });
  }
  checkPart("request", request.bytes.length);
  const id = `${kind.kind}-${resource}`;
  const requestDigest = createHash("sha256").update(`${request.type}\n`).update(request.bytes).digest("hex");
  const key = operationKey(project, id);
  const present = await records.get(key, { signal });
  // Only a kind that can tell whether its resource exists lets an id be tried again.
  const again = present !== undefined && kind.exists !== undefined && hasFailed(present);
  if (present !== undefined && (!again || isSame(present, requestId, requestDigest)))
    return sameRequest(present, requestId, requestDigest);
  if (await kind.exists?.(project, resource, { signal }))
    throw taken(resource, operationName.format({ project, operation: id }));
  checkRoom();
  const { trace } = currentScope();
  const record: OperationRecord = {
    schema: recordSchemaVersion,
    project,
    id,
    kind: kind.kind,
    resource,
    principal,
    requestId,
    requestDigest,
    request,
    traceparent: trace && formatTraceparent(trace),
    state: "PENDING",
    materialised: false,
    cancelRequested: false,
    attempt: 0,
    claimant: "",
    beat: 0,
    crashes: 0,
    retries: 0,
    deleted: false,
    swept: false,
    times: { submittedMs },
  };
  try {
    if (present === undefined) return await records.create(record, { signal });
    return await records.replace(present, { ...record, ...afresh(present) }, { signal });
  } catch (error) {
    const winner = isPssrError(error, "REVISION_CONFLICT") ? await records.get(key, { signal }) : undefined;
    if (winner === undefined) throw error;
    return sameRequest(winner, requestId, requestDigest);
  }
}

function sameRequest(stored: StoredRecord, requestId: string, requestDigest: string): StoredRecord {
  if (isSame(stored, requestId, requestDigest)) return stored;
  const { project, id, resource } = stored.record;
  throw taken(resource, operationName.format({ project, operation: id }));
}

function isSame({ record }: StoredRecord, requestId: string, requestDigest: string): boolean {
  return (
    !record.deleted && requestId !== "" && record.requestId === requestId && record.requestDigest === requestDigest
  );
}

/** Ended without making anything: its id may be tried again, unless a resource tells of it. */
function hasFailed({ record: { state, materialised } }: StoredRecord): boolean {
  return materialised && (state === "FAILED" || state === "CANCELLED");
}

/** What a new request keeps of the failed one: attempts count on, for their objects lie under their numbers. */
function afresh({ record: { attempt } }: StoredRecord): Partial<OperationRecord> {
  return { attempt, checkpoint: undefined, progress: undefined, result: undefined, error: undefined };
}

function taken(resource: string, operation: string): PssrError {
  return new PssrError(
    "ALREADY_EXISTS",
    `the id ${resource} is taken by another request (${operation}); choose another id, or repeat that request exactly, with its request_id`,
    { metadata: { operation } },
  );
}
