/** Words of others on a terminal: what a server says must not move the cursor, or give the window another title. */

/** One line without control characters; each is a space instead, line breaks too. */
export function printable(words: string): string {
  return words.replaceAll(/\p{Cc}/gu, " ");
}

/** The same, where lines stay lines. */
export function printableLines(words: string): string {
  return words.split("\n").map(printable).join("\n");
}
