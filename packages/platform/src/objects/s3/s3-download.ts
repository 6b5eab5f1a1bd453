/**
 * Reads bytes of an object in S3. A body that breaks off is asked for again from where it broke off, so the reader gets every
 * byte or an error, never a short read.
 */
import type { IncomingMessage } from "node:http";
import { PssrError } from "@pssr/api";
import type { Abortable } from "../../abortable.js";
import { bodyBatches } from "./body-batches.js";
import type { S3Connection } from "./s3-connection.js";
import { CutOff } from "./s3-failure.js";
import type { Exchange } from "./s3-transport.js";

export interface DownloadOptions extends Abortable {
  /** What is read, for errors: `object a/b`. */
  what: string;
  /** As in the HTTP header: `bytes=0-99`, `bytes=-40`. Default: all of it. */
  range?: string;
}

/** An answer whose body has not been read yet: read `batches()` to its end or call `discard()`. */
export class Download {
  private constructor(
    private readonly connection: S3Connection,
    private readonly name: string,
    private readonly options: DownloadOptions,
    private current: Answer,
  ) {}

  /** Undefined where there is no such object, "beyond" where there is but the range lies behind its end. */
  static async open(
    connection: S3Connection,
    name: string,
    options: DownloadOptions,
  ): Promise<Download | "beyond" | undefined> {
    const answer = await ask(connection, name, options, options.range);
    if (answer === "absent") return undefined;
    return answer === "beyond" ? answer : new Download(connection, name, options, answer);
  }

  /** Bytes of the whole object. */
  get total(): number {
    return this.current.total;
  }

  /** When it was written, milliseconds since 1970, in whole seconds. */
  get modifiedMs(): number {
    return this.current.modifiedMs;
  }

  discard(): void {
    this.current.response.destroy();
  }

  /** The bytes that were asked for, chunks that came together together. */
  async *batches(): AsyncGenerator<Buffer[]> {
    const { what, signal } = this.options;
    const { first, end, etag } = this.current;
    let at = first;
    for (let failures = 0; ; ) {
      const { response, exchange } = this.current;
      try {
        for await (const batch of bodyBatches(response)) {
          for (const chunk of batch) at += chunk.length;
          failures = 0; // it goes on
          yield batch;
        }
        if (at === end) return;
        throw new CutOff(end - first, at - first);
      } catch (error) {
        await this.connection.afterFailure(error, exchange, { what: `read ${what}`, tries: ++failures });
      }
      const headers: Record<string, string> = etag === undefined ? {} : { "if-match": etag };
      const answer = await ask(this.connection, this.name, { what, signal }, `bytes=${at}-${end - 1}`, headers);
      if (answer === "absent" || answer === "beyond" || answer.first !== at || answer.end !== end) {
        if (typeof answer === "object") answer.response.destroy();
        throw new PssrError("UNAVAILABLE", `${what} was deleted or replaced while it was read; try again`);
      }
      this.current = answer;
    }
  }
}

interface Answer {
  response: IncomingMessage;
  exchange: Exchange;
  /** The part of the object that the body holds. */
  first: number;
  end: number;
  total: number;
  modifiedMs: number;
  etag: string | undefined;
}

async function ask(
  connection: S3Connection,
  name: string,
  { what, signal }: DownloadOptions,
  range: string | undefined,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer | "absent" | "beyond"> {
  const call = {
    what: `read ${what}`,
    headers: range === undefined ? headers : { ...headers, range },
    answers: { 404: "absent", 412: "absent", 416: "beyond" } as const,
    signal,
  };
  return connection.call(call, async (client, bucket, exchange) => {
    const request = { method: "GET", bucketName: bucket, objectName: name };
    const response = await client.makeRequestAsync(request, "", [200, 206]);
    try {
      return { response, exchange, ...extentOf(response, what) };
    } catch (error) {
      response.destroy();
      throw error;
    }
  });
}

function extentOf(response: IncomingMessage, what: string): Omit<Answer, "response" | "exchange"> {
  const { "content-length": length, "content-range": range, "last-modified": modified, etag } = response.headers;
  const modifiedMs = Date.parse(modified ?? "");
  const whole = response.statusCode === 200 && /^\d+$/.test(length ?? "") ? Number(length) : undefined;
  const part = /^bytes (\d+)-(\d+)\/(\d+)$/.exec(response.statusCode === 206 ? (range ?? "") : "");
  if (Number.isNaN(modifiedMs) || (whole === undefined && part === null)) {
    throw new PssrError(
      "INTERNAL",
      `the S3 server's answer for ${what} lacks Content-Length, Content-Range or Last-Modified: it is not usable as an object store here`,
    );
  }
  if (part === null) return { first: 0, end: whole!, total: whole!, modifiedMs, etag };
  return { first: Number(part[1]), end: Number(part[2]) + 1, total: Number(part[3]), modifiedMs, etag };
}
