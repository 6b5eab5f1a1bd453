/** A number as people read it: three digits that count. */
export function shortNumber(value: number): string {
  return `${Number(value.toPrecision(3))}`;
}
