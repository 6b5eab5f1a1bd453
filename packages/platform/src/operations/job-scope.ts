/** Where work on an operation belongs: its name, and the trace of the call that submitted it. */
import { operationName } from "@pssr/api";
import { type LogScope, runInScope } from "../log/log-scope.js";
import { parseTraceparent, type TraceContext } from "../log/trace-context.js";
import { inSpan, type Span, type SpanOptions } from "../telemetry/span.js";
import type { OperationRecord } from "./record.js";

type Named = Pick<OperationRecord, "project" | "id" | "kind" | "traceparent">;

/** The scope of what is told of an operation: its submitter's own span. */
export function jobScope({ project, id, traceparent }: Omit<Named, "kind">): LogScope {
  const trace = parseTraceparent(traceparent);
  return { operation: operationName.format({ project, operation: id }), ...(trace === undefined ? {} : { trace }) };
}

/** Runs work on an operation in a span of that trace: "attempt training". */
export function inJobSpan<T>(
  doing: string,
  record: Named,
  options: SpanOptions,
  work: (span: Span) => Promise<T>,
): Promise<T> {
  const scope = jobScope(record);
  const attributes = { "pssr.operation": scope.operation ?? "", "pssr.kind": record.kind, ...options.attributes };
  return runInScope(scope, () => inSpan(`${doing} ${record.kind}`, { ...options, attributes }, work));
}

/** The span that a job was published in, if it is of the operation's trace; else the submitter's. */
export function parentOf({ traceparent }: Pick<Named, "traceparent">, published: TraceContext | undefined) {
  const submitter = parseTraceparent(traceparent);
  return published !== undefined && published.traceId === submitter?.traceId ? published : submitter;
}
