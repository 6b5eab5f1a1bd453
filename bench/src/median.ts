/** The middle of the values, the upper of two. */
export function median(values: number[]): number {
  return quantile(values, 0.5);
}

/** The value that this part of all does not reach: 0.99 gives the one that 99 of 100 stay below. */
export function quantile(values: number[], part: number): number {
  return values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * part))]!;
}
