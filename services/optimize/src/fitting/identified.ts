/** When images tell a number: where its interval is well within its range. */

/** An interval of this share of the range or more tells nothing. */
export const UNIDENTIFIED = 0.5;

/** @param low Ends of the interval as places in the range, from 0 to 1. */
export function isIdentifiedBy(low: number, high: number): boolean {
  return high - low < UNIDENTIFIED;
}
