/** Operations page by page, newest first. A token is a place in that order, so what comes or goes meanwhile shifts nothing. */
import { PssrError } from "@pssr/api";
import { schema } from "../records/schema.js";
import { compareListPositions, type OperationIndex } from "./operation-index.js";
import type { OperationState } from "./record.js";
import { type OperationView, viewOf } from "./view.js";

export interface ListOperationsRequest {
  project?: string;
  kind?: string;
  /** As callers see it. Any where absent or empty. */
  states?: OperationState[];
  /** 1 to 1000; 0 or absent for 100. More are cut to 1000, and a page may be shorter where operations are large. */
  pageSize?: number;
  /** Of the page before, with the same filter; "" or absent for the first. */
  pageToken?: string;
}

export interface ListOperationsPage {
  operations: OperationView[];
  /** "" on the last page. */
  nextPageToken: string;
}

/** At which a page is full before its time: an answer must stay far below the 4 MiB of a message. */
const fullPageBytes = 1 << 20;

const tokenSchema = schema((z) => z.object({ submittedMs: z.number(), key: z.string(), filter: z.string() }));

export function listOperations(index: OperationIndex, request: ListOperationsRequest): ListOperationsPage {
  const { project, kind, states = [], pageSize = 0, pageToken = "" } = request;
  if (!Number.isInteger(pageSize) || pageSize < 0) {
    throw new PssrError("INVALID_FIELD", `page_size is ${pageSize}; it must be a whole number from 0 to 1000`, {
      field: "page_size",
    });
  }
  const limit = Math.min(pageSize === 0 ? 100 : pageSize, 1000);
  const filter = JSON.stringify([project ?? null, kind ?? null, [...states].sort()]);
  const after = pageToken === "" ? undefined : readToken(pageToken, filter);
  const entries = index.newestFirst();
  const operations: OperationView[] = [];
  let bytes = 0;
  let last: { submittedMs: number; key: string } | undefined;
  for (let i = after === undefined ? 0 : firstBehind(entries, after); i < entries.length; i++) {
    const { key, record, revision, progress } = entries[i]!;
    if (record.deleted) continue;
    if (project !== undefined && record.project !== project) continue;
    if (kind !== undefined && record.kind !== kind) continue;
    const view = viewOf(record, revision, progress);
    if (states.length > 0 && !states.includes(view.state)) continue;
    bytes += bytesOf(view);
    if (operations.length === limit || (operations.length > 0 && bytes > fullPageBytes)) {
      const token = JSON.stringify({ ...last, filter });
      return { operations, nextPageToken: Buffer.from(token).toString("base64url") };
    }
    operations.push(view);
    last = { submittedMs: record.times.submittedMs, key };
  }
  return { operations, nextPageToken: "" };
}

/** About what an operation takes in an answer. */
function bytesOf({ name, resource, progress, result, error }: OperationView): number {
  const told = error === undefined ? 0 : error.message.length + JSON.stringify(error.metadata).length;
  return 200 + name.length + resource.length + (progress?.bytes.length ?? 0) + (result?.bytes.length ?? 0) + told;
}

function readToken(token: string, filter: string): { submittedMs: number; key: string } {
  try {
    const place = tokenSchema().parse(JSON.parse(Buffer.from(token, "base64url").toString()));
    if (place.filter === filter) return place;
  } catch (error) {
    throw new PssrError("INVALID_FIELD", "page_token is none of ours; take next_page_token of the page before", {
      field: "page_token",
      cause: error,
    });
  }
  throw new PssrError("INVALID_FIELD", "page_token belongs to another filter; begin again without one", {
    field: "page_token",
  });
}

function firstBehind(
  entries: ReturnType<OperationIndex["newestFirst"]>,
  place: { submittedMs: number; key: string },
): number {
  let low = 0;
  let high = entries.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const { key, record } = entries[middle]!;
    if (compareListPositions({ submittedMs: record.times.submittedMs, key }, place) <= 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
