/** For assert.rejects: the error is ours, has this reason and, where given, blames this field. */
import { isPssrError, type Reason } from "@pssr/api";

export function reason(expected: Reason, field?: string): (error: unknown) => boolean {
  return (error) => {
    if (!isPssrError(error, expected)) throw error;
    if (field !== undefined && error.field !== field)
      throw new Error(`blames ${error.field}, not ${field}: ${error.message}`);
    return true;
  };
}
