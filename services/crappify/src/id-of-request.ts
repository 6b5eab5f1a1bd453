/** The id of what a request creates, where its caller chose none: the same whenever the request is repeated. */
import { createHash } from "node:crypto";

/** @param requestId The caller's request_id, not empty. */
export function idOfRequest(requestId: string): string {
  return createHash("sha256").update(requestId).digest("hex").slice(0, 20);
}
