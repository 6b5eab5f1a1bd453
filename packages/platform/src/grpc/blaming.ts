/** Errors of a peer's answer, told with the caller's own field. */
import { isPssrError, PssrError } from "@pssr/api";

/** What a peer refuses, it refuses with its own field's name; the caller is told ours. */
export async function blaming<T>(field: string, answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    if (!isPssrError(error) || error.reason === "UNAVAILABLE" || error.reason === "CANCELLED") throw error;
    throw new PssrError(error.reason, `${field}: ${error.message}`, { field, metadata: error.metadata, cause: error });
  }
}
