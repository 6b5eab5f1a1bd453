/** Headers of a message: the trace of the present piece of work, if it has one (W3C Trace Context). */
import { headers, type MsgHdrs } from "@nats-io/transport-node";
import { currentScope } from "../log/log-scope.js";
import { formatTraceparent } from "../log/trace-context.js";

export function traceHeaders(): MsgHdrs {
  const own = headers();
  const { trace } = currentScope();
  if (trace !== undefined) own.set("traceparent", formatTraceparent(trace));
  return own;
}
