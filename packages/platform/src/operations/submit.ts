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
  /**
   * The request as it came, where `request` says more (numbers for a name that it gives): by this a repeated submit is known.
   * Default: `request`.
   */
  asked?: TypedBytes;
}

/** A submission that may have been made before. */
export type Asked = Required<Pick<Submission, "kind" | "project" | "resource" | "requestId" | "asked">>;

/**
 * The record of the same request that was submitted before; undefined for a new one. ALREADY_EXISTS where the id belongs to
 * another request.
 */
export async function submittedBefore(
  records: OperationRecords,
  kind: JobKind,
  { project, resource, requestId, asked }: Asked,
  { signal }: Abortable,
): Promise<StoredRecord | undefined> {
  const present = await records.get(operationKey(project, `${kind.kind}-${resource}`), { signal });
  const before = { requestId, requestDigest: digestOf(asked) };
  return present === undefined || mayBeTriedAgain(kind, present, before) ? undefined : sameRequest(present, before);
}

/**
 * The new record, or the existing one of the same request; ALREADY_EXISTS where the id belongs to another request.
 * `admit` may refuse a new one by throwing.
 */
export async function putSubmission(
  records: OperationRecords,
  kind: JobKind,
  submission: Submission,
  { submittedMs, admit, signal }: Abortable & { submittedMs: number; admit: (record: OperationRecord) => void },
): Promise<StoredRecord> {
  const { project, principal, requestId = "", request, asked = request } = submission;
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
  const wanted = { requestId, requestDigest: digestOf(asked) };
  const key = operationKey(project, id);
  const present = await records.get(key, { signal });
  if (present !== undefined && !mayBeTriedAgain(kind, present, wanted)) return sameRequest(present, wanted);
  if (await kind.exists?.(project, resource, { signal }))
    throw taken(resource, operationName.format({ project, operation: id }));
  const { trace } = currentScope();
  const record: OperationRecord = {
    schema: recordSchemaVersion,
    project,
    id,
    kind: kind.kind,
    resource,
    principal,
    ...wanted,
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
  admit(record);
  try {
    if (present === undefined) return await records.create(record, { signal });
    return await records.replace(present, { ...record, ...afresh(present) }, { signal });
  } catch (error) {
    const winner = isPssrError(error, "REVISION_CONFLICT") ? await records.get(key, { signal }) : undefined;
    if (winner === undefined) throw error;
    return sameRequest(winner, wanted);
  }
}

/** By which a request is known again. */
type Wanted = Pick<OperationRecord, "requestId" | "requestDigest">;

function digestOf({ type, bytes }: TypedBytes): string {
  return createHash("sha256").update(`${type}\n`).update(bytes).digest("hex");
}

/** Only a kind that can tell whether its resource exists lets the id of a failed operation be tried again, by another request. */
function mayBeTriedAgain(kind: JobKind, present: StoredRecord, wanted: Wanted): boolean {
  return kind.exists !== undefined && hasFailed(present) && !isSame(present, wanted);
}

function sameRequest(stored: StoredRecord, wanted: Wanted): StoredRecord {
  if (isSame(stored, wanted)) return stored;
  const { project, id, resource } = stored.record;
  throw taken(resource, operationName.format({ project, operation: id }));
}

function isSame({ record }: StoredRecord, { requestId, requestDigest }: Wanted): boolean {
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
