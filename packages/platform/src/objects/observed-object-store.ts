/** An object store whose requests are counted and timed; those that move much are spans of the work that makes them. */
import { isPssrError } from "@pssr/api";
import type { Abortable } from "../abortable.js";
import { currentScope } from "../log/log-scope.js";
import { callBuckets, counter, histogram } from "../telemetry/registry.js";
import { inSpan, type Span } from "../telemetry/span.js";
import type { ListObjectsOptions, ObjectEntry, ObjectStat, ObjectStore } from "./object-store.js";

/** A request that moves more is worth a span. */
const largeBytes = 2 ** 20;

const requests = histogram(
  "pssr_object_store_request_seconds",
  "Requests to the object store; of streams and lists, to the first of what they give",
  callBuckets,
  ["operation", "outcome"],
);
const bytesTotal = counter("pssr_object_store_bytes_total", "Bytes of objects, read or written", ["direction"]);

export class ObservedObjectStore implements ObjectStore {
  constructor(private readonly store: ObjectStore) {}

  put(key: string, body: Uint8Array | AsyncIterable<Uint8Array>, options?: Abortable): Promise<ObjectStat> {
    const size = body instanceof Uint8Array ? body.length : Number.POSITIVE_INFINITY;
    return spanIfLarge("put", key, size, async (span) => {
      const stat = await timed("put", () => this.store.put(key, body, options));
      moved("written", stat.size, span);
      return stat;
    });
  }

  async *get(key: string, options?: Abortable): AsyncGenerator<Uint8Array> {
    const chunks = this.store.get(key, options)[Symbol.asyncIterator]();
    try {
      let next = await timed("get", () => chunks.next());
      for (; !next.done; next = await chunks.next()) {
        moved("read", next.value.length);
        yield next.value;
      }
    } finally {
      await chunks.return?.();
    }
  }

  getBytes(key: string, limit: number, options?: Abortable): Promise<Uint8Array> {
    return spanIfLarge("get", key, limit, async (span) => {
      const bytes = await timed("get", () => this.store.getBytes(key, limit, options));
      moved("read", bytes.length, span);
      return bytes;
    });
  }

  range(key: string, start: number, length: number, options?: Abortable): Promise<Uint8Array> {
    return spanIfLarge("range", key, length, async (span) => {
      const bytes = await timed("range", () => this.store.range(key, start, length, options));
      moved("read", bytes.length, span);
      return bytes;
    });
  }

  stat(key: string, options?: Abortable): Promise<ObjectStat | undefined> {
    return timed("stat", () => this.store.stat(key, options));
  }

  async *list(prefix: string, options?: ListObjectsOptions): AsyncGenerator<ObjectEntry> {
    const entries = this.store.list(prefix, options)[Symbol.asyncIterator]();
    try {
      let next = await timed("list", () => entries.next());
      for (; !next.done; next = await entries.next()) yield next.value;
    } finally {
      await entries.return?.();
    }
  }

  delete(key: string, options?: Abortable): Promise<void> {
    return timed("delete", () => this.store.delete(key, options));
  }

  deletePrefix(prefix: string, options?: Abortable): Promise<void> {
    return timed("delete", () => this.store.deletePrefix(prefix, options));
  }
}

type Operation = "put" | "get" | "range" | "stat" | "list" | "delete";

async function timed<T>(operation: Operation, request: () => Promise<T>): Promise<T> {
  const began = performance.now();
  let outcome = "OK";
  try {
    return await request();
  } catch (error) {
    outcome = isPssrError(error) ? error.reason : "ABORTED"; // all others are the signal's reason
    throw error;
  } finally {
    requests.observe({ operation, outcome }, (performance.now() - began) / 1000);
  }
}

function moved(direction: "read" | "written", bytes: number, span?: Span): void {
  bytesTotal.inc({ direction }, bytes);
  span?.set({ "pssr.bytes": bytes });
}

/** Of work that nobody's trace belongs to there is no span either: it would be a trace of its own. */
function spanIfLarge<T>(
  operation: Operation,
  key: string,
  bytes: number,
  request: (span: Span | undefined) => Promise<T>,
): Promise<T> {
  if (bytes <= largeBytes || currentScope().trace === undefined) return request(undefined);
  return inSpan(`object ${operation}`, { kind: "client", attributes: { "pssr.object": key } }, request);
}
