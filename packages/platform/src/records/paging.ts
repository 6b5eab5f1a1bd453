/** Pages of a list: the token names the last id that was sent, so pages stay right while records come and go. */
import { PssrError } from "@pssr/api";

const defaultPageSize = 50;
const maximumPageSize = 1000;

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

/** Takes one page's worth of items. Throws INVALID_FIELD where `pageSize` is not 0 (the default, 50) to 1000. */
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
  for await (const item of source) {
    if (items.length === size) return { items, nextPageToken: writePageToken(id(items.at(-1)!)) };
    items.push(item);
  }
  return { items, nextPageToken: "" };
}
