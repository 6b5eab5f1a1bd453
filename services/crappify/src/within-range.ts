/** Whole numbers of requests and the ranges that they must lie in. */
import { PssrError } from "@pssr/api";

/** The value. Throws INVALID_FIELD, naming `field`, outside `least` to `most`. */
export function within(value: number, least: number, most: number, field: string): number {
  if (value >= least && value <= most) return value;
  throw new PssrError("INVALID_FIELD", `${field}: ${value} is outside ${least} to ${most}`, { field });
}
