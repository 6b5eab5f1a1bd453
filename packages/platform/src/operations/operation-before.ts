/** A create that was sent before: its operation is found by what the resource's record tells of the request that made it. */
import { type Operation, PssrError } from "@pssr/api";
import type { Abortable } from "../abortable.js";
import { toOperation } from "./message.js";
import type { Operations } from "./operations.js";

/** What a record tells of the request that made it. */
export interface MadeBy {
  /** "" for none. */
  readonly requestId: string;
  /** Name of the operation. */
  readonly operation: string;
}

/**
 * The operation of a request that was made before, undefined for a new one. It is looked for before anything else is checked:
 * what the request named may have changed or gone since. `same` says whether what is asked for is what was asked for then;
 * `field` names the new resource's id. Throws ALREADY_EXISTS where another request has the id.
 */
export async function operationBefore(
  operations: Operations,
  present: MadeBy | undefined,
  request: { requestId: string; same: boolean; field: string },
  options: Abortable,
): Promise<Operation | undefined> {
  if (present === undefined) return undefined;
  const { requestId, same, field } = request;
  if (same && requestId !== "" && requestId === present.requestId) {
    return toOperation(await operations.get(present.operation, options));
  }
  throw new PssrError(
    "ALREADY_EXISTS",
    `${field}: the id is taken by another request (${present.operation}); choose another id, or repeat that request exactly, with its request_id`,
    { field, metadata: { operation: present.operation } },
  );
}
