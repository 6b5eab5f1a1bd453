/** One gRPC call as its span and its metric see it, on the side that serves it or on the one that makes it. */
import { Status } from "nice-grpc-common";
import type { TraceContext } from "../log/trace-context.js";
import { callBuckets, counter, histogram } from "../telemetry/registry.js";
import { type Span, startSpan } from "../telemetry/span.js";

const labels = ["grpc_service", "grpc_method", "grpc_code"] as const;
const durations = {
  server: histogram("pssr_grpc_server_call_seconds", "Calls served, to the end of a stream", callBuckets, labels),
  client: histogram(
    "pssr_grpc_client_call_seconds",
    "Calls made to other services, to the end of a stream",
    callBuckets,
    labels,
  ),
  door: histogram(
    "pssr_gateway_call_seconds",
    "Calls of callers, as they see them from the gateway",
    callBuckets,
    labels,
  ),
} as const;

/** By whom they are told: by a handler, or by the gateway itself. */
export const callErrors = counter(
  "pssr_call_errors_total",
  "Calls that ended with an error of ours, by its reason",
  ["reason"],
  [{ reason: "STORAGE_FULL" }],
);

/** Codes that are a fault of the server's, as OpenTelemetry has it; the others may be its caller's. */
const faults: ReadonlySet<Status> = new Set([
  Status.UNKNOWN,
  Status.DEADLINE_EXCEEDED,
  Status.UNIMPLEMENTED,
  Status.INTERNAL,
  Status.UNAVAILABLE,
  Status.DATA_LOSS,
]);

export interface ObservedCall {
  readonly trace: TraceContext;
  end(code: Status): void;
}

export interface ObservedCallOptions {
  /** `/package.Service/Method`: one that exists, for it becomes a label. */
  path: string;
  /** Default: the span of the present scope. */
  parent?: TraceContext | undefined;
}

/** Its caller ends it. */
export function observeCall(side: keyof typeof durations, { path, parent }: ObservedCallOptions): ObservedCall {
  const [, service = "", method = ""] = path.split("/");
  const began = performance.now();
  const span: Span = startSpan(path.slice(1), {
    kind: side === "client" ? "client" : "server",
    parent,
    attributes: { "rpc.system": "grpc", "rpc.service": service, "rpc.method": method },
  });
  return {
    trace: span.trace,
    end(code) {
      const seconds = (performance.now() - began) / 1000;
      // The server on the other side chooses it, and may be none of ours: numbers without a name are one label.
      const name = Status[code] ?? Status[Status.UNKNOWN];
      durations[side].observe({ grpc_service: service, grpc_method: method, grpc_code: name }, seconds);
      span.set({ "rpc.grpc.status_code": code });
      if (side === "client" ? code !== Status.OK : faults.has(code)) span.fail(new CallFailed(name));
      span.end();
    },
  };
}

class CallFailed extends Error {
  constructor(override readonly name: string) {
    super(name);
  }
}
