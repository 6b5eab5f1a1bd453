/** W3C Trace Context (https://www.w3.org/TR/trace-context/, level 1): the `traceparent` that ties one caller's work together. */
import { randomBytes } from "node:crypto";

export interface TraceContext {
  /** 32 hexadecimal digits, the same in every service that a call passes. */
  readonly traceId: string;
  /** 16 hexadecimal digits: this service's part. */
  readonly spanId: string;
  readonly sampled: boolean;
}

const form = /^(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(?:$|-)/;

/** Undefined when the header is absent or malformed: a new trace begins then, as the recommendation asks. */
export function parseTraceparent(header: string | undefined): TraceContext | undefined {
  const match = header === undefined ? null : form.exec(header);
  if (match === null) return undefined;
  return { traceId: match[1]!, spanId: match[2]!, sampled: (Number.parseInt(match[3]!, 16) & 1) === 1 };
}

export function formatTraceparent(trace: TraceContext): string {
  return `00-${trace.traceId}-${trace.spanId}-${trace.sampled ? "01" : "00"}`;
}

/** A new span: in the parent's trace, or in a new one. */
export function newSpan(parent?: TraceContext): TraceContext {
  return {
    traceId: parent?.traceId ?? randomBytes(16).toString("hex"),
    spanId: randomBytes(8).toString("hex"),
    sampled: parent?.sampled ?? true,
  };
}
