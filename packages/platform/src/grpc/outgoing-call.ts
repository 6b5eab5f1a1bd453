/** What surrounds every call that a service of ours makes: its span, whose scope it is made in, and its metric. */
import type { DeadlineOption } from "@pssr/api";
import { isPssrError } from "@pssr/api";
import { type CallOptions, ClientError, type ClientMiddlewareCall, Status } from "nice-grpc-common";
import { generateInScope } from "../log/log-scope.js";
import { observeCall } from "./observed-call.js";

/** A client's middleware; attached after those whose work belongs to the call, retries above all. */
export async function* outgoingCall<Request, Response>(
  call: ClientMiddlewareCall<Request, Response>,
  options: CallOptions & DeadlineOption,
) {
  const observed = observeCall("client", { path: call.method.path });
  let code: Status = Status.CANCELLED; // as it is for one whose reader leaves
  try {
    const response = yield* generateInScope({ trace: observed.trace }, async function* () {
      return yield* call.next(call.request, options);
    });
    code = Status.OK;
    return response;
  } catch (error) {
    code = codeOf(error);
    throw error;
  } finally {
    observed.end(code);
  }
}

function codeOf(error: unknown): Status {
  if (isPssrError(error)) return error.code;
  if (error instanceof ClientError) return error.code;
  return error instanceof Error && error.name === "AbortError" ? Status.CANCELLED : Status.UNKNOWN;
}
