/**
 * The record of an operation: one JSON document in the state store, and the only truth about it. Every step of its life is one
 * compare-and-set of this record.
 */
import { PssrError, type Reason, reasons } from "@pssr/api";
import type { z } from "zod";
import { schema, zod } from "../records/schema.js";

export const recordSchemaVersion = 1;

/** What each part may have, so that all together fit into a value of the state store whatever happens later. */
export const maximumBytes = { request: 24 * 1024, progress: 4 * 1024, checkpoint: 4 * 1024, result: 8 * 1024 } as const;

/** LIMIT_EXCEEDED where a part of a record is too large. */
export function checkPart(part: keyof typeof maximumBytes, bytes: number): void {
  if (bytes <= maximumBytes[part]) return;
  throw new PssrError(
    "LIMIT_EXCEEDED",
    `the ${part} of an operation has ${bytes} bytes; at most ${maximumBytes[part]} fit into its record: put bulk data into the object store and refer to it`,
    { metadata: { limit: `${maximumBytes[part]}` } },
  );
}

/** A message of the contract with its type, as in google.protobuf.Any: what it says is the service's business. */
export interface TypedBytes {
  /** Type URL, `type.googleapis.com/pssr.v1.…`. */
  type: string;
  bytes: Uint8Array;
}

const isReason = (text: string): text is Reason => Object.hasOwn(reasons, text);

const recordSchema = schema((z) => {
  const count = z.int().min(0);
  const typedBytes = z.object({
    type: z.string(),
    bytes: z.base64().transform((text): Uint8Array => new Uint8Array(Buffer.from(text, "base64"))),
  });
  return z.object({
    schema: z.literal(recordSchemaVersion),
    project: z.string(),
    /** `{kind}-{resource}` */
    id: z.string(),
    kind: z.string(),
    /** Id of the thing that is being made; derived from the request, so that a request makes it once. */
    resource: z.string(),
    /** Who asked; the work stays within the project whoever runs it. */
    principal: z.string(),
    requestId: z.string(),
    /** SHA-256 of type and bytes of the request as it was asked, hexadecimal. */
    requestDigest: z.string(),
    request: typedBytes,
    /** W3C Trace Context of the call that submitted it: what is logged about the work belongs to that trace. */
    traceparent: z.string().optional(),
    state: z.enum(["PENDING", "RUNNING", "SUCCEEDED", "FAILED", "CANCELLED"]),
    /** The resource records are in line with this state: only then callers see an end. */
    materialised: z.boolean(),
    cancelRequested: z.boolean(),
    /** Number of the try that runs or ran last; 0 before the first. */
    attempt: count,
    /** Which worker runs it; "" for none. */
    claimant: z.string(),
    /** Rises while the worker lives. */
    beat: count,
    /** Leases lost without a give-back since the last checkpoint. */
    crashes: count,
    /** Tries ended by something unavailable since the last checkpoint. */
    retries: count,
    /** Where to go on; what it says is the job's business. */
    checkpoint: z.json().optional(),
    progress: z.object({ attempt: count, sequence: count, value: typedBytes }).optional(),
    result: z
      .object({
        /** The attempt that counts. */
        attempt: count,
        value: typedBytes,
        /** Earlier attempts whose objects the result refers to as well, all of them. */
        keepAttempts: z.array(count),
        /** Further keys of objects that it refers to. */
        keepObjects: z.array(z.string()),
      })
      .optional(),
    error: z
      .object({
        /** gRPC status code. */
        code: z.int(),
        /** One that a newer release added reads as INTERNAL here. */
        reason: z.string().transform((text): Reason => (isReason(text) ? text : "INTERNAL")),
        message: z.string(),
        field: z.string().optional(),
        metadata: z.record(z.string(), z.string()),
      })
      .optional(),
    /** Hidden by its owner; the sweeper removes it later. */
    deleted: z.boolean(),
    /** The objects of attempts that lost are gone. */
    swept: z.boolean(),
    /** Milliseconds since 1970. */
    times: z.object({ submittedMs: z.number(), startedMs: z.number().optional(), endedMs: z.number().optional() }),
  });
});

/** Fields we do not know are kept, so that a release with one more can work beside this one. */
const tolerantSchema = schema(() => recordSchema().loose());

export type OperationRecord = z.infer<ReturnType<typeof recordSchema>>;
export type OperationState = OperationRecord["state"];
export type OperationError = NonNullable<OperationRecord["error"]>;
export type Checkpoint = NonNullable<OperationRecord["checkpoint"]>;

export function isTerminal(state: OperationState): boolean {
  return state !== "PENDING" && state !== "RUNNING";
}

export function serialiseRecord(record: OperationRecord): Uint8Array {
  const text = JSON.stringify(record, function (this: Record<string, unknown>, key, value: unknown) {
    const raw = this[key]; // before Buffer's toJSON had its way
    return raw instanceof Uint8Array ? Buffer.from(raw.buffer, raw.byteOffset, raw.length).toString("base64") : value;
  });
  return new TextEncoder().encode(text);
}

/** RECORD_TOO_NEW where a newer release wrote it; OBJECT_CORRUPT where it is no record at all. */
export function parseRecord(key: string, value: Uint8Array): OperationRecord {
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(value));
  } catch (error) {
    throw new PssrError("OBJECT_CORRUPT", `the record ${key} is no JSON; restore it from a backup`, { cause: error });
  }
  const version = typeof json === "object" && json !== null && "schema" in json ? json.schema : undefined;
  if (typeof version === "number" && version > recordSchemaVersion) {
    throw new PssrError(
      "RECORD_TOO_NEW",
      `the record ${key} has schema ${version}, this release reads up to ${recordSchemaVersion}: a newer release wrote it; run that one`,
      { metadata: { key, schema: `${version}`, supported: `${recordSchemaVersion}` } },
    );
  }
  const parsed = tolerantSchema().safeParse(json);
  if (parsed.success) return parsed.data;
  throw new PssrError("OBJECT_CORRUPT", `the record ${key} is damaged: ${zod().prettifyError(parsed.error)}`, {
    cause: parsed.error,
  });
}

/** What a record keeps of an error: ours as it is, any other as INTERNAL without its message, which may tell too much. */
export function recordedError(error: unknown): OperationError {
  if (error instanceof PssrError) {
    const { code, reason, message, field, metadata } = error;
    const facts = JSON.stringify(metadata).length > 4096 ? {} : metadata;
    return {
      code,
      reason,
      message: message.slice(0, 1024),
      ...(field === undefined ? {} : { field }),
      metadata: facts,
    };
  }
  return {
    code: reasons.INTERNAL.code,
    reason: "INTERNAL",
    message: "the work failed by a fault of ours; the log of the service that ran it holds the details",
    metadata: {},
  };
}
