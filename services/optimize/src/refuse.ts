/** The error of something given that cannot be used. */
import { PssrError } from "@pssr/api";

/** @param message What is wrong, what was expected, and what to do. */
export function refuse(field: string, message: string): PssrError {
  return new PssrError("INVALID_FIELD", `${field}: ${message}`, { field });
}
