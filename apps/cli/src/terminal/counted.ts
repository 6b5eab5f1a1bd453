/** So many of a thing, in words: "1 tile", "12 tiles". */
export function counted(count: number | bigint, thing: string): string {
  return `${count} ${thing}${Number(count) === 1 ? "" : "s"}`;
}
