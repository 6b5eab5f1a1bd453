/** For assert.rejects: the error is ours, and has this reason. */
import { isPssrError, type Reason } from "@pssr/api";

export function reason(expected: Reason): (error: unknown) => boolean {
  return (error) => {
    if (!isPssrError(error, expected)) throw error;
    return true;
  };
}
