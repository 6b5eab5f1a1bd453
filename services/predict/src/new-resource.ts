/** The id of a resource to be, and whether the same request has made it already. */
import { createHash } from "node:crypto";
import { checkId, type Operation, PssrError, randomId } from "@pssr/api";
import { type Abortable, type Operations, toOperation } from "@pssr/platform";

/** The caller's choice, else derived from its `request_id`, so that a repeated request finds what the first one made; else random. */
export function newResourceId(chosen: string, requestId: string, field: string): string {
  if (chosen !== "") return checkId(chosen, field);
  if (requestId === "") return randomId();
  return `r${createHash("sha256").update(requestId).digest("hex").slice(0, 24)}`;
}

/** What a record tells of the request that made it. */
export interface MadeBy {
  readonly requestId: string;
  readonly operation: string;
  readonly asked: unknown;
}

/**
 * The operation of a request that was made before, undefined for a new one. It is looked for before anything else is checked:
 * what the request named may have changed or gone since.
 * @throws ALREADY_EXISTS where another request has the id
 */
export async function operationBefore(
  operations: Operations,
  present: MadeBy | undefined,
  request: { requestId: string; asked: unknown; field: string },
  options: Abortable,
): Promise<Operation | undefined> {
  if (present === undefined) return undefined;
  const same = request.requestId !== "" && request.requestId === present.requestId;
  if (same && JSON.stringify(present.asked) === JSON.stringify(request.asked)) {
    return toOperation(await operations.get(present.operation, options));
  }
  throw new PssrError(
    "ALREADY_EXISTS",
    `${request.field}: the id is taken by another request (${present.operation}); choose another id, or repeat that request exactly, with its request_id`,
    { field: request.field, metadata: { operation: present.operation } },
  );
}
