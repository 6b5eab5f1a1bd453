/**
 * What is told of an operation on the event bus, under its key as the subject: a CloudEvent (specification 1.0.2, JSON format)
 * with everything that is to be said by then, so that the last event alone is enough. docs/events.md describes it for those who
 * subscribe from outside; a field may be added, `type` changes when one changes its meaning.
 */
import { fromBinary, toJson } from "@bufbuild/protobuf";
import type { z } from "zod";
import { contractDescriptors } from "../descriptors/contract.js";
import { schema } from "../records/schema.js";
import type { TypedBytes } from "./record.js";
import type { OperationView, Progress } from "./view.js";

const eventType = "dev.pssr.operation.v1";

const toldSchema = schema((z) =>
  z.object({
    type: z.string(),
    data: z.object({
      attempt: z.int(),
      done: z.boolean(),
      progress: z.object({ attempt: z.int(), sequence: z.int(), type: z.string(), value: z.base64() }).optional(),
    }),
  }),
);

type TypedEvent = z.infer<ReturnType<typeof toldSchema>>["data"];

export interface OperationEvent {
  view: OperationView;
  progress: Progress | undefined;
  /** W3C Trace Context of the call that submitted it. */
  traceparent: string | undefined;
  /** Milliseconds since 1970. */
  nowMs: number;
}

export function encodeOperationEvent({ view, progress, traceparent, nowMs }: OperationEvent): Uint8Array {
  const { name, project, kind, resource, state, done, cancelRequested, attempt, revision, error } = view;
  const event = {
    specversion: "1.0",
    type: eventType,
    source: `/${name}`,
    id: `${revision}.${progress?.attempt ?? 0}.${progress?.sequence ?? 0}`,
    time: new Date(nowMs).toISOString(),
    datacontenttype: "application/json",
    ...(traceparent === undefined ? {} : { traceparent }),
    data: {
      operation: name,
      kind,
      resource: `projects/${project}/${kind}s/${resource}`,
      state,
      done,
      cancelRequested,
      attempt,
      revision: `${revision}`,
      createTime: new Date(view.submittedMs).toISOString(),
      ...(view.endedMs === undefined ? {} : { endTime: new Date(view.endedMs).toISOString() }),
      ...(progress === undefined
        ? {}
        : { progress: { attempt: progress.attempt, sequence: progress.sequence, ...told(progress.value) } }),
      ...(view.result === undefined ? {} : { result: told(view.result) }),
      ...(error === undefined ? {} : { error }),
    },
  };
  return new TextEncoder().encode(JSON.stringify(event));
}

/** What an event says that this release acts on; undefined for one of another type, which a newer release tells. */
export interface ToldOperation {
  attempt: number;
  done: boolean;
  progress: Progress | undefined;
}

export function decodeOperationEvent(bytes: Uint8Array): ToldOperation | undefined {
  const { type, data } = toldSchema().parse(JSON.parse(new TextDecoder().decode(bytes)));
  if (type !== eventType) return undefined;
  return { attempt: data.attempt, done: data.done, progress: data.progress && progressOf(data.progress) };
}

function progressOf({ attempt, sequence, type, value }: NonNullable<TypedEvent["progress"]>): Progress {
  return { attempt, sequence, value: { type, bytes: new Uint8Array(Buffer.from(value, "base64")) } };
}

/** A message as its bytes, and, where it is one of the contract's, as JSON for whoever has no stubs. */
function told({ type, bytes }: TypedBytes): { type: string; value: string; message?: unknown } {
  const value = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("base64");
  const { registry } = contractDescriptors();
  const description = registry.getMessage(type.slice(type.lastIndexOf("/") + 1));
  if (description === undefined) return { type, value };
  return { type, value, message: toJson(description, fromBinary(description, bytes), { registry }) };
}
