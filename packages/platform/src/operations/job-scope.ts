/** The log scope of work on an operation: its name, and a span in the trace of the call that submitted it. */
import { operationName } from "@pssr/api";
import type { LogScope } from "../log/log-scope.js";
import { newSpan, parseTraceparent } from "../log/trace-context.js";
import type { OperationRecord } from "./record.js";

export function jobScope({
  project,
  id,
  traceparent,
}: Pick<OperationRecord, "project" | "id" | "traceparent">): LogScope {
  return {
    operation: operationName.format({ project, operation: id }),
    trace: newSpan(parseTraceparent(traceparent)),
  };
}
