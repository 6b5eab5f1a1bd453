/** Errors that come from around the work and not from the work itself: the same work may succeed a little later. */
import { isPssrError } from "@pssr/api";

/** Something cannot be reached, or the disk is full until somebody makes room. */
export function mayPass(error: unknown): boolean {
  return isPssrError(error, "UNAVAILABLE") || isPssrError(error, "STORAGE_FULL");
}
