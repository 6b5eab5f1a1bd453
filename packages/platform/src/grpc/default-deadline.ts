/** Gives a unary call that brings no deadline the configured one, in the way of grpc-js's own: status sent, work aborted. */
import { ServerInterceptingCall, type ServerInterceptor, status } from "@grpc/grpc-js";

export function defaultDeadline(deadlineMs: number): ServerInterceptor {
  return (method, call) => {
    const unary = !method.requestStream && !method.responseStream;
    if (!unary || call.getDeadline() !== Number.POSITIVE_INFINITY) return new ServerInterceptingCall(call);
    const timer = setTimeout(() => {
      call.sendStatus({
        code: status.DEADLINE_EXCEEDED,
        details: `No answer within the default deadline of ${deadlineMs} ms.`,
      });
    }, deadlineMs);
    return new ServerInterceptingCall(call, {
      // Called at every end of a call, a good one too.
      start: (next) => next({ onCancel: () => clearTimeout(timer) }),
    });
  };
}
