/** The error of something given that cannot be used. */
import { PssrError } from "@pssr/api";

/** @param message What is wrong, what was expected, and what to do. */
export function refuse(field: string, message: string): PssrError {
  return new PssrError("INVALID_FIELD", `${field}: ${message}`, { field });
}

/** Images that a fit can do nothing with, by their field. */
export function unsuitable(field: string, problem: string): PssrError {
  return new PssrError("UNSUITABLE_IMAGES", `${field}: ${problem}`, { field });
}
