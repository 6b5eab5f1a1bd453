/** Headers of a message: the trace of the present piece of work, if it has one (W3C Trace Context). */
import { headers, type MsgHdrs } from "@nats-io/transport-node";
import { currentScope } from "../log/log-scope.js";
import { formatTraceparent, parseTraceparent, type TraceContext } from "../log/trace-context.js";

export function traceHeaders(): MsgHdrs {
  const own = headers();
  const { trace } = currentScope();
  if (trace !== undefined) own.set("traceparent", formatTraceparent(trace));
  return own;
}

/** The trace that a message was sent in. */
export function traceOf(received: MsgHdrs | undefined): TraceContext | undefined {
  return parseTraceparent(received?.get("traceparent"));
}
