/** The id of a resource to be, the same in every service: its creator's choice, or one that follows from its request. */
import { createHash } from "node:crypto";
import { checkId, randomId } from "./resource-names.js";

/**
 * The caller's choice, else derived from its `request_id`, so that a repeated request finds what the first one made; else
 * random. Throws INVALID_FIELD naming `field` for a choice that is no id.
 */
export function newResourceId(chosen: string, requestId: string, field: string): string {
  if (chosen !== "") return checkId(chosen, field);
  return requestId === "" ? randomId() : idOfRequest(requestId);
}

/** The id of what the request with this `request_id`, not empty, creates. */
export function idOfRequest(requestId: string): string {
  return `r${createHash("sha256").update(requestId).digest("hex").slice(0, 24)}`;
}
