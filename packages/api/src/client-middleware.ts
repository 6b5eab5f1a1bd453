/**
 * What every client of ours does with a call, ours within a cluster as much as a user's: a deadline on each unary call
 * (a peer may accept a connection and never answer), and typed errors instead of bare codes.
 */
import { type CallOptions, ClientError, type ClientMiddlewareCall, Metadata } from "nice-grpc-common";
import { Status } from "./generated/google/rpc/status.js";
import { PssrError } from "./pssr-error.js";
import { errorOf, reasonOfCode, statusDetailsKey } from "./status-details.js";

export interface CallRules {
  /** Who is called, for messages: "the gateway at 127.0.0.1:7717". */
  peer: string;
  /** Deadline of each unary call in milliseconds. */
  deadlineMs: number;
  /** Adds to the call's metadata: a token, a trace. */
  decorate?(metadata: Metadata): void | Promise<void>;
}

/** Call options that a caller of ours may give beside nice-grpc's own. */
export interface DeadlineOption {
  /** Deadline of this call in milliseconds, instead of the default; for streams too, which have none by default. */
  deadlineMs?: number;
}

/** The middleware; to be attached with `createClientFactory().use(clientMiddleware(…))`. */
export function clientMiddleware(rules: CallRules) {
  return async function* <Request, Response>(
    call: ClientMiddlewareCall<Request, Response>,
    options: CallOptions & DeadlineOption,
  ) {
    const { deadlineMs, signal, ...rest } = options;
    const unary = !call.requestStream && !call.responseStream;
    const limitMs = deadlineMs ?? (unary ? rules.deadlineMs : undefined);
    const deadline = limitMs === undefined ? undefined : AbortSignal.timeout(limitMs);
    const signals = [signal, deadline].filter((s) => s !== undefined);
    let details: Uint8Array | undefined;
    try {
      const metadata = Metadata(options.metadata);
      await rules.decorate?.(metadata);
      // The server must know the deadline too: it stops the work when this side or the network is gone.
      if (limitMs !== undefined) metadata.set("grpc-timeout", `${Math.min(Math.ceil(limitMs), 99_999_999)}m`);
      return yield* call.next(call.request, {
        ...rest,
        metadata,
        signal: signals.length > 1 ? AbortSignal.any(signals) : signals[0],
        onTrailer(trailer) {
          details = trailer.get(statusDetailsKey) as Uint8Array | undefined;
          options.onTrailer?.(trailer);
        },
      });
    } catch (error) {
      if (deadline?.aborted && !signal?.aborted)
        throw new PssrError(
          "DEADLINE_EXCEEDED",
          `${rules.peer} did not answer ${call.method.path} within ${limitMs} ms; try again, or give the call more time`,
          { cause: error },
        );
      if (!(error instanceof ClientError)) throw error;
      const typed = details && errorOf(Status.decode(details));
      if (typed) throw typed;
      throw new PssrError(reasonOfCode(error.code), `${rules.peer}, ${call.method.path}: ${error.details}`, {
        cause: error,
      });
    }
  };
}
