/**
 * Receives a file into a folder's file: into a temporary name beside it first, checked against its SHA-256, then renamed,
 * so that a file under its final name is always whole. A broken stream is taken up again where it ended.
 */
import { createHash, randomBytes } from "node:crypto";
import { type FileHandle, open, rename, rm } from "node:fs/promises";
import { setTimeout } from "node:timers/promises";
import { type DownloadImageResponse, type FileHeader, impatient, isPeerGone, PssrError } from "@pssr/api";
import { attemptsWithoutProgress, defaultSilenceMs, pauseAfter, type RetryOptions } from "./retries.js";

/** A stream whose first message has the header and whose others have the bytes from the offset asked for. */
export type FileStream = (offset: bigint, options: { signal: AbortSignal }) => AsyncIterable<DownloadImageResponse>;

/**
 * Writes what `stream` sends to `path`. Throws OBJECT_CORRUPT when the digest differs, the last UNAVAILABLE after six tries
 * without a new byte, and the signal's reason; then `path` is untouched.
 */
export async function downloadFile(stream: FileStream, path: string, options: RetryOptions = {}): Promise<FileHeader> {
  const partial = `${path}.${randomBytes(4).toString("hex")}.part`;
  const file = await open(partial, "wx");
  try {
    const header = await receive(stream, file, path, options);
    await file.sync();
    await file.close();
    await rename(partial, path);
    return header;
  } catch (error) {
    await file.close().catch(() => undefined); // the first error is the one that matters
    await rm(partial, { force: true });
    throw error;
  }
}

async function receive(stream: FileStream, file: FileHandle, path: string, options: RetryOptions): Promise<FileHeader> {
  const { signal, silenceMs = defaultSilenceMs } = options;
  const hash = createHash("sha256");
  let header: FileHeader | undefined;
  let received = 0;
  for (let failures = 0; header === undefined || received < Number(header.sizeBytes); ) {
    const before = received;
    try {
      const offset = BigInt(received);
      for await (const { content } of impatient((during) => stream(offset, during), silenceMs, { signal })) {
        if (content?.$case === "header") header = content.value;
        if (content?.$case !== "data") continue;
        await file.write(content.value, 0, content.value.length, received);
        hash.update(content.value);
        received += content.value.length;
      }
      if (header !== undefined && received < Number(header.sizeBytes) && received === before)
        throw new PssrError(
          "UNAVAILABLE",
          `the download of ${header.filename} ended after ${received} of ${header.sizeBytes} bytes; try again`,
        );
    } catch (error) {
      failures = received > before ? 0 : failures + 1;
      if (!isPeerGone(error) || signal?.aborted || failures >= attemptsWithoutProgress) throw error;
      await setTimeout(pauseAfter(Math.max(1, failures), options), undefined, { signal });
    }
  }
  const digest = hash.digest("hex");
  if (digest !== header.sha256)
    throw new PssrError(
      "OBJECT_CORRUPT",
      `${path}: the bytes received have SHA-256 ${digest}, not ${header.sha256}; download it again`,
    );
  return header;
}
