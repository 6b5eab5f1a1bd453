/** The bucket as a whole: that it is there, and what is in it. */
import type { S3Connection } from "./s3-connection.js";

const pageSize = 1000;

/** Makes the bucket if it is not there. */
export async function ensureBucket(
  connection: S3Connection,
  prefix: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { s3Region } = connection.config;
  const look = { what: "list the bucket", answers: { 404: "absent" } as const, signal };
  const found = await connection.call(look, (client, bucket) =>
    client.listObjectsV2Query(bucket, prefix, "", "", 1, ""),
  );
  if (found !== "absent") return;
  // 409: another process was faster, or it is somebody else's; the probe that follows tells.
  await connection.call({ what: "make the bucket", answers: { 409: "exists" } as const, signal }, (client, bucket) =>
    client.makeBucket(bucket, s3Region),
  );
}

export interface NamedObject {
  name: string;
  size: number;
  modifiedMs: number;
}

/** Objects whose name begins with `prefix` and comes behind `after`, ascending, page by page. */
export async function* listNames(
  connection: S3Connection,
  prefix: string,
  after: string,
  signal: AbortSignal | undefined,
): AsyncGenerator<NamedObject[]> {
  for (let token = "", isLast = false; !isLast; ) {
    const page = await connection.call({ what: "list objects", signal }, (client, bucket) =>
      client.listObjectsV2Query(bucket, prefix, token, "", pageSize, after),
    );
    yield page.objects.flatMap(({ name, size, lastModified }) =>
      name === undefined ? [] : [{ name, size, modifiedMs: lastModified?.getTime() ?? 0 }],
    );
    isLast = !page.isTruncated;
    token = page.nextContinuationToken;
  }
}
