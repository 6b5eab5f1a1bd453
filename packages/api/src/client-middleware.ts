/**
 * What every client of ours does with a call, ours within a cluster as much as a user's: a deadline on each unary call
 * (a peer may accept a connection and never answer), another try where the peer was not there and the call may be repeated,
 * and typed errors instead of bare codes.
 */
import { setMaxListeners } from "node:events";
import { setTimeout } from "node:timers/promises";
import { type CallOptions, ClientError, type ClientMiddlewareCall, Status as Code, Metadata } from "nice-grpc-common";
import { Status } from "./generated/google/rpc/status.js";
import { isPssrError, PssrError } from "./pssr-error.js";
import { mayRepeat } from "./repeatable.js";
import { errorOf, reasonOfCode, statusDetailsKey } from "./status-details.js";

export interface CallRules {
  /** Who is called, for messages: "the gateway at 127.0.0.1:7717". */
  peer: string;
  /** Deadline of each unary call in milliseconds, over all its tries. */
  deadlineMs: number;
  /** The message for a peer that cannot be reached, from the words of grpc-js; undefined where those are all there is to say. */
  unreachable(details: string, path: string): string | undefined;
  /** Adds to the call's metadata: a token, a trace. */
  decorate?(metadata: Metadata): void | Promise<void>;
}

/** Call options that a caller of ours may give beside nice-grpc's own. */
export interface DeadlineOption {
  /** Deadline of this call in milliseconds, instead of the default; for streams too, which have none by default. */
  deadlineMs?: number;
}

/** Tries of a call that may be repeated: with their pauses under a second, enough for another instance to be found. */
const mostTries = 4;
const firstPauseMs = 100;

/** The middleware; to be attached with `createClientFactory().use(clientMiddleware(…))`. */
export function clientMiddleware(rules: CallRules) {
  return async function* <Request, Response>(
    call: ClientMiddlewareCall<Request, Response>,
    options: CallOptions & DeadlineOption,
  ) {
    const { deadlineMs, signal, ...rest } = options;
    const { path } = call.method;
    const unary = !call.requestStream && !call.responseStream;
    const limitMs = deadlineMs ?? (unary ? rules.deadlineMs : undefined);
    const deadline = limitMs === undefined ? undefined : AbortSignal.timeout(limitMs);
    const endsAt = limitMs === undefined ? undefined : performance.now() + limitMs;
    const signals = [signal, deadline].filter((s) => s !== undefined);
    const either = signals.length > 1 ? AbortSignal.any(signals) : signals[0];
    for (let tries = 1; ; tries++) {
      let details: Uint8Array | undefined;
      try {
        const metadata = Metadata(options.metadata);
        await rules.decorate?.(metadata);
        // The server must know the deadline too: it stops the work when this side or the network is gone.
        if (endsAt !== undefined) metadata.set("grpc-timeout", timeoutText(endsAt - performance.now()));
        return yield* call.next(call.request, {
          ...rest,
          metadata,
          signal: either,
          onTrailer(trailer) {
            details = trailer.get(statusDetailsKey) as Uint8Array | undefined;
            options.onTrailer?.(trailer);
          },
        });
      } catch (error) {
        if (deadline?.aborted && !signal?.aborted)
          throw new PssrError(
            "DEADLINE_EXCEEDED",
            `${rules.peer} did not answer ${path} within ${limitMs} ms; try again, or give the call more time`,
            { cause: error },
          );
        if (!(error instanceof ClientError)) throw error;
        const typed = details && errorOf(Status.decode(details));
        const told = typed ?? new PssrError(reasonOfCode(error.code), explained(error, path, rules), { cause: error });
        const again = unary && tries < mostTries && isPeerGone(told) && mayRepeat(path, call.request);
        const pauseMs = pauseAfter(tries);
        if (!again || signal?.aborted || performance.now() + pauseMs >= (endsAt ?? 0)) throw told;
        // Any number of calls may share a signal, and wait at a time.
        if (signal !== undefined) setMaxListeners(0, signal);
        await setTimeout(pauseMs, undefined, { signal });
      }
    }
  };
}

function explained({ details, code }: ClientError, path: string, { peer, unreachable }: CallRules): string {
  const told = code === Code.UNAVAILABLE ? unreachable(details, path) : undefined;
  return told ?? `${peer}, ${path}: ${details}`;
}

/**
 * Whether the peer went away, or could not be reached: one that shuts down ends its calls as cancelled. Where the caller has
 * not cancelled it himself, what may be repeated is worth another try.
 */
export function isPeerGone(error: unknown): boolean {
  return isPssrError(error, "UNAVAILABLE") || isPssrError(error, "CANCELLED");
}

/** Twice as long each time, and never the same for two callers that failed at once. */
function pauseAfter(tries: number): number {
  return firstPauseMs * 2 ** (tries - 1) * (0.5 + Math.random() / 2);
}

/** As gRPC has it: at most eight digits, and a unit. */
function timeoutText(leftMs: number): string {
  return `${Math.min(Math.max(1, Math.ceil(leftMs)), 99_999_999)}m`;
}
