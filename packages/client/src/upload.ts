/**
 * Sends a file as an upload: declares it with size and SHA-256, sends it in pieces, and after a broken connection goes on
 * from the offset that the service names. The file is read as a stream, never held whole.
 */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { basename } from "node:path";
import { setTimeout } from "node:timers/promises";
import { isPeerGone, isPssrError, PssrError, type Upload, type WriteUploadRequest } from "@pssr/api";
import type { PssrClient } from "./connect.js";
import { attemptsWithoutProgress, defaultSilenceMs, pauseAfter, type RetryOptions } from "./retries.js";

/** Bytes a message: streams are buffered by messages, so small ones keep memory small. */
const CHUNK_BYTES = 256 * 1024;

export interface UploadOptions extends RetryOptions {
  /** projects/{project} */
  parent: string;
  /** Uploads of the same bytes with the same key are one upload, however often it is begun. */
  requestKey?: string;
  /** The file's digest, where it is known already. */
  sha256?: string;
  /** Told after each piece that has become safe. */
  onProgress?: (sentBytes: number, totalBytes: number) => void;
}

/** Uploads the file at `path`. Throws what the service answers, or the last UNAVAILABLE after six tries without progress. */
export async function uploadFile(client: PssrClient, path: string, options: UploadOptions): Promise<Upload> {
  const { parent, signal } = options;
  const sizeBytes = (await stat(path)).size;
  const sha256 = options.sha256 ?? (await digestOfFile(path, { signal }));
  const declared = { filename: basename(path), sizeBytes: BigInt(sizeBytes), sha256 };
  const { requestKey } = options;
  const requestId = requestKey && createHash("sha256").update(`${requestKey}\n${sha256}`).digest("hex").slice(0, 32);
  let upload = await client.images.createUpload({ parent, upload: declared, requestId }, { signal });
  for (let failures = 0; Number(upload.receivedBytes) < sizeBytes; ) {
    const before = upload.receivedBytes;
    try {
      upload = await send(client, upload, path, options);
    } catch (error) {
      if (signal?.aborted || !(isPeerGone(error) || isPssrError(error, "UPLOAD_OFFSET_MISMATCH"))) throw error;
      failures += 1;
      if (failures >= attemptsWithoutProgress) throw error;
      await setTimeout(pauseAfter(failures, options), undefined, { signal });
      upload = await client.images.getUpload({ name: upload.name }, { signal });
    }
    if (upload.receivedBytes > before) failures = 0;
    options.onProgress?.(Number(upload.receivedBytes), sizeBytes);
  }
  return upload;
}

/** Sends the rest of the file; given up with UNAVAILABLE when nothing is taken from us for too long. */
async function send(client: PssrClient, upload: Upload, path: string, options: UploadOptions): Promise<Upload> {
  const { signal, silenceMs = defaultSilenceMs } = options;
  const silence = new AbortController();
  const timer = globalThis.setTimeout(() => silence.abort(), silenceMs);
  const either = AbortSignal.any(signal === undefined ? [silence.signal] : [signal, silence.signal]);
  async function* watched(): AsyncGenerator<WriteUploadRequest> {
    for await (const chunk of chunksOf(upload.name, path, Number(upload.receivedBytes), either)) {
      timer.refresh();
      yield chunk;
    }
  }
  try {
    return await client.images.writeUpload(watched(), { signal: either });
  } catch (cause) {
    if (!silence.signal.aborted || signal?.aborted) throw cause;
    throw new PssrError("UNAVAILABLE", `nothing of ${path} was taken for ${silenceMs / 1000} s; try again`, { cause });
  } finally {
    clearTimeout(timer);
  }
}

async function* chunksOf(
  name: string,
  path: string,
  start: number,
  signal?: AbortSignal,
): AsyncGenerator<WriteUploadRequest> {
  let offset = start;
  for await (const data of createReadStream(path, { start, highWaterMark: CHUNK_BYTES, signal })) {
    yield { name: offset === start ? name : "", offset: BigInt(offset), data: data as Uint8Array };
    offset += (data as Uint8Array).length;
  }
}

/** The SHA-256 of a file, hexadecimal. */
export async function digestOfFile(
  path: string,
  { signal }: { signal?: AbortSignal | undefined } = {},
): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20, signal }))
    hash.update(chunk as Uint8Array);
  return hash.digest("hex");
}
