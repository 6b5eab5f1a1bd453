/**
 * Sends a file as an upload: declares it with size and SHA-256, sends it in pieces, and after a broken connection goes on
 * from the offset that the service names. The file is read as a stream, never held whole.
 */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { basename } from "node:path";
import { isPssrError, type Upload, type WriteUploadRequest } from "@pssr/api";
import type { PssrClient } from "./connect.js";

/** Bytes a message: streams are buffered by messages, so small ones keep memory small. */
const CHUNK_BYTES = 256 * 1024;
/** How often sending is taken up again without a single new byte having become safe. */
const ATTEMPTS_WITHOUT_PROGRESS = 5;

export interface UploadOptions {
  /** projects/{project} */
  parent: string;
  /** Uploads of the same bytes with the same key are one upload, however often it is begun. */
  requestKey?: string;
  signal?: AbortSignal;
  /** Told after each piece that has become safe. */
  onProgress?: (sentBytes: number, totalBytes: number) => void;
}

/** Uploads the file at `path`. Throws what the service answers, or the last UNAVAILABLE after five tries without progress. */
export async function uploadFile(client: PssrClient, path: string, options: UploadOptions): Promise<Upload> {
  const { parent, signal } = options;
  const sizeBytes = (await stat(path)).size;
  const sha256 = await digestOf(path, signal);
  const declared = { filename: basename(path), sizeBytes: BigInt(sizeBytes), sha256 };
  const { requestKey } = options;
  const requestId = requestKey && createHash("sha256").update(`${requestKey}\n${sha256}`).digest("hex").slice(0, 32);
  let upload = await client.images.createUpload({ parent, upload: declared, requestId }, { signal });
  for (let failures = 0; Number(upload.receivedBytes) < sizeBytes; ) {
    const before = upload.receivedBytes;
    try {
      upload = await client.images.writeUpload(chunksOf(upload.name, path, Number(before), signal), { signal });
    } catch (error) {
      if (!isPssrError(error, "UNAVAILABLE") && !isPssrError(error, "UPLOAD_OFFSET_MISMATCH")) throw error;
      failures += 1;
      if (failures >= ATTEMPTS_WITHOUT_PROGRESS) throw error;
      upload = await client.images.getUpload({ name: upload.name }, { signal });
    }
    if (upload.receivedBytes > before) failures = 0;
    options.onProgress?.(Number(upload.receivedBytes), sizeBytes);
  }
  return upload;
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

async function digestOf(path: string, signal?: AbortSignal): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20, signal }))
    hash.update(chunk as Uint8Array);
  return hash.digest("hex");
}
