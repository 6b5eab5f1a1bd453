/** Pages of a list: the token names the last id that was sent, so pages stay right while records come and go. */
import { PssrError } from "@pssr/api";

const defaultPageSize = 50;
const maximumPageSize = 1000;
/** Characters of JSON at which a page is full before its time: an answer must stay far below the 4 MiB of a message. */
const fullPageCharacters = 1 << 20;

export interface Page<T> {
  items: T[];
  /** Empty at the end. */
  nextPageToken: string;
}

/** The id behind which a page begins; "" for the first. Throws INVALID_FIELD for a token that none of our lists made. */
export function readPageToken(token: string): string {
  const id = Buffer.from(token, "base64url").toString("latin1");
  if (!/^[a-z0-9/-]{0,200}$/.test(id) || writePageToken(id) !== token) {
    throw new PssrError("INVALID_FIELD", "page_token: pass the next_page_token of the page before, unchanged", {
      field: "page_token",
    });
  }
  return id;
}

function writePageToken(id: string): string {
  return Buffer.from(id, "latin1").toString("base64url");
}

/**
 * Takes one page's worth of items; fewer than asked for where they are large. Throws INVALID_FIELD where `pageSize` is not 0 (the default, 50) to 1000.
 */
export async function takePage<T>(
  source: AsyncIterable<T>,
  pageSize: number,
  id: (item: T) => string,
): Promise<Page<T>> {
  if (pageSize < 0 || pageSize > maximumPageSize) {
    throw new PssrError("INVALID_FIELD", `page_size: ${pageSize} is outside 0 to ${maximumPageSize}`, {
      field: "page_size",
    });
  }
  const size = pageSize || defaultPageSize;
  const items: T[] = [];
  let characters = 0;
  for await (const item of source) {
    characters += weigh(item);
    const full = items.length === size || (items.length > 0 && characters > fullPageCharacters);
    if (full) return { items, nextPageToken: writePageToken(id(items.at(-1)!)) };
    items.push(item);
  }
  return { items, nextPageToken: "" };
}

function weigh(item: unknown): number {
  return JSON.stringify(item, (_, value: unknown) => (typeof value === "bigint" ? `${value}` : value))?.length ?? 0;
}
