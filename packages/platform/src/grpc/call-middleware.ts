/**
 * What surrounds every handler: the call's trace, its line in the log, and typed errors. A PssrError leaves as a rich
 * status; anything else is a fault of ours, logged with its stack, of which the caller learns only the trace id.
 */
import { PssrError, RpcStatus, statusDetailsKey, statusOf } from "@pssr/api";
import { type CallContext, ServerError, type ServerMiddlewareCall, Status } from "nice-grpc-common";
import { generateInScope } from "../log/log-scope.js";
import type { Logger } from "../log/logger.js";
import { parseTraceparent } from "../log/trace-context.js";
import type { CallCounter } from "./call-counter.js";
import { callErrors, observeCall } from "./observed-call.js";

export function callMiddleware(log: Logger, handlers: CallCounter) {
  return async function* <Request, Response>(call: ServerMiddlewareCall<Request, Response>, context: CallContext) {
    const parent = parseTraceparent(context.metadata.get("traceparent"));
    const observed = observeCall("server", { path: call.method.path, parent });
    const { trace } = observed;
    const begun = performance.now();
    // What becomes of a stream whose caller goes away: it is ended from outside, without an error, and never comes to its end.
    let code = Status.CANCELLED;
    handlers.began();
    const handled = generateInScope({ trace }, async function* () {
      try {
        const response = yield* call.next(call.request as Request, context);
        code = Status.OK;
        return response;
      } catch (error) {
        const sent = toServerError(error, context, trace.traceId);
        code = sent.code;
        if (isFault(sent)) log.error({ err: error, method: call.method.path }, "call failed");
        throw sent;
      } finally {
        const ms = Math.round((performance.now() - begun) * 10) / 10;
        log.debug({ method: call.method.path, code: Status[code], ms, peer: context.peer }, "call");
      }
    });
    try {
      return yield* handled;
    } finally {
      observed.end(code);
      handlers.ended();
    }
  };
}

function toServerError(error: unknown, context: CallContext, traceId: string): ServerError {
  if (error instanceof ServerError) return error;
  const typed = typedError(error, context, traceId);
  callErrors.inc({ reason: typed.reason });
  context.trailer.set(statusDetailsKey, RpcStatus.encode(statusOf(typed)).finish());
  return new ServerError(typed.code, statusOf(typed).message);
}

function typedError(error: unknown, context: CallContext, traceId: string): PssrError {
  if (error instanceof PssrError) return isFault(error) ? withTrace(error, traceId) : error;
  const name = error instanceof Error ? error.name : "";
  if (name === "TimeoutError")
    return new PssrError("DEADLINE_EXCEEDED", "The work was not finished within its time.", { cause: error });
  if (name === "AbortError") {
    const why = context.signal.aborted ? "The call was cancelled." : "The work was stopped; try again.";
    return new PssrError("CANCELLED", why, { cause: error });
  }
  const message = `An internal error; the log holds its details under the trace id ${traceId}.`;
  return withTrace(new PssrError("INTERNAL", message, { cause: error }), traceId);
}

function withTrace(error: PssrError, traceId: string): PssrError {
  const { reason, message, field, metadata, cause } = error;
  return new PssrError(reason, message, {
    ...(field && { field }),
    metadata: { ...metadata, trace_id: traceId },
    cause,
  });
}

function isFault({ code }: { code: Status }): boolean {
  return code === Status.INTERNAL || code === Status.DATA_LOSS || code === Status.UNKNOWN;
}
