/**
 * Whether a server keeps its hands off an object that exists when asked to (`If-None-Match: *`): not all do, and one that does
 * not understand simply overwrites. So it is tried, once, on an object of nobody.
 */
import { randomUUID } from "node:crypto";
import type { Abortable } from "../../abortable.js";
import { MultipartUpload } from "./multipart-upload.js";
import type { S3Connection } from "./s3-connection.js";

const ifAbsent = { "if-none-match": "*" };
const clearAwayMs = 2_000;

/** The headers to send with a single write and with the completion of a multipart upload: none where they are not understood. */
export interface WriteHeaders {
  readonly put: Readonly<Record<string, string>>;
  readonly complete: Readonly<Record<string, string>>;
  /** Of two writers of one name the server itself lets one win, whichever way they write. */
  readonly isConditional: boolean;
}

/** Begins with a dot, which no object key does. */
export const probePrefix = ".probe-";
const probePattern = /^\.probe-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

export function isProbeName(name: string): boolean {
  return probePattern.test(name);
}

export async function probeConditionalWrites(
  connection: S3Connection,
  prefix: string,
  { signal }: Abortable,
): Promise<WriteHeaders> {
  const name = `${prefix}${probePrefix}${randomUUID()}`;
  const content = Buffer.from("probe");
  const write = (headers: Readonly<Record<string, string>>) =>
    connection.call(
      // 400 and 501: it knows the header and does not do it.
      {
        what: "write a probe object",
        headers,
        answers: { 412: "kept", 400: "refused", 501: "refused" } as const,
        signal,
      },
      (client, bucket) => client.makeRequestAsyncOmit({ method: "PUT", bucketName: bucket, objectName: name }, content),
    );
  const stop = new AbortController();
  const onAbort = (): void => stop.abort(signal?.reason);
  signal?.addEventListener("abort", onAbort, { once: true });
  try {
    await write({});
    const isPutKept = (await write(ifAbsent)) === "kept";
    const multipart = await MultipartUpload.start(connection, name, { what: "a probe object", stop });
    let isCompleteKept = false;
    try {
      await multipart.add(content, () => undefined);
      isCompleteKept = isPutKept && !(await multipart.complete(ifAbsent));
    } finally {
      await multipart.abandon();
    }
    return {
      put: isPutKept ? ifAbsent : {},
      complete: isCompleteKept ? ifAbsent : {},
      isConditional: isPutKept && isCompleteKept,
    };
  } finally {
    signal?.removeEventListener("abort", onAbort);
    await connection
      .call(
        {
          what: "delete a probe object",
          answers: { 404: "absent" } as const,
          signal: AbortSignal.timeout(clearAwayMs),
        },
        (client, bucket) => client.removeObject(bucket, name),
      )
      .catch(() => undefined); // swept with the stale uploads
  }
}
