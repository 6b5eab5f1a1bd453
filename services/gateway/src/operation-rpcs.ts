/** The RPCs that the gateway answers itself, from the one index of all services' operations: read, cancel, wait, watch. */
import {
  type CancelOperationRequest,
  type DeleteOperationRequest,
  type GetOperationRequest,
  type ListOperationsRequest,
  type ListOperationsResponse,
  type Operation,
  PssrError,
  type WaitOperationRequest,
  type WatchOperationRequest,
  type WatchOperationResponse,
} from "@pssr/api";
import { type OperationState, type Operations, toOperation } from "@pssr/platform";
import type { CallContext } from "nice-grpc-common";

/** How long WaitOperation waits when its caller does not say: well within anybody's deadline. */
const defaultWaitMs = 30_000;

const statesOf: Readonly<Record<string, OperationState[]>> = {
  "": [],
  "done=true": ["SUCCEEDED", "FAILED", "CANCELLED"],
  "done=false": ["PENDING", "RUNNING"],
};

/** google.longrunning.Operations */
export class OperationRpcs {
  constructor(private readonly operations: Operations) {}

  async getOperation({ name }: GetOperationRequest, { signal }: CallContext): Promise<Operation> {
    return toOperation(await this.operations.get(name, { signal }));
  }

  async listOperations(request: ListOperationsRequest): Promise<ListOperationsResponse> {
    const project = /^projects\/([^/]+)(?:\/operations)?$/.exec(request.name)?.[1];
    if (project === undefined) throw invalid("name", request.name, "projects/{project}");
    const filter = request.filter.replaceAll(/\s/g, "");
    const states = Object.hasOwn(statesOf, filter) ? statesOf[filter] : undefined;
    if (states === undefined) throw invalid("filter", request.filter, 'nothing, "done = true" or "done = false"');
    const { pageSize, pageToken } = request;
    const page = this.operations.list({ project, states, pageSize, pageToken });
    return { operations: page.operations.map(toOperation), nextPageToken: page.nextPageToken, unreachable: [] };
  }

  async cancelOperation({ name }: CancelOperationRequest, { signal }: CallContext) {
    await this.operations.cancel(name, { signal });
    return {};
  }

  async deleteOperation({ name }: DeleteOperationRequest, { signal }: CallContext) {
    await this.operations.delete(name, { signal });
    return {};
  }

  /** The operation once it has ended, or as it is when the time is over. */
  async waitOperation({ name, timeout }: WaitOperationRequest, { signal }: CallContext): Promise<Operation> {
    const waitMs = timeout === undefined ? defaultWaitMs : Number(timeout.seconds) * 1000 + timeout.nanos / 1e6;
    if (!(waitMs >= 0 && waitMs <= 2 ** 31 - 1)) throw invalid("timeout", `${waitMs} ms`, "0 s to 24 days");
    const limit = AbortSignal.timeout(Math.ceil(waitMs));
    try {
      return toOperation(await this.operations.wait(name, { signal: AbortSignal.any([signal, limit]) }));
    } catch (error) {
      if (!limit.aborted || signal.aborted) throw error;
      return toOperation(await this.operations.get(name, { signal }));
    }
  }
}

/** pssr.v1.OperationWatchService */
export class OperationWatchRpcs {
  constructor(private readonly operations: Operations) {}

  async *watchOperation(
    { name, afterRevision }: WatchOperationRequest,
    { signal }: CallContext,
  ): AsyncGenerator<WatchOperationResponse> {
    for await (const view of this.operations.watch(name, { afterRevision, signal })) {
      yield { operation: toOperation(view), revision: view.revision };
    }
  }
}

function invalid(field: string, value: string, expected: string): PssrError {
  return new PssrError("INVALID_FIELD", `${field} is ${JSON.stringify(value.slice(0, 200))}; expected ${expected}`, {
    field,
  });
}
