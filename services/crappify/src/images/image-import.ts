/**
 * How an image is made of an uploaded file: its size and digest are checked, it is decoded in a process of its own, and what
 * comes out is stored below the attempt's prefix.
 */
import { createHash } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { readdir } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { CreateImageRequest, PssrError, uploadName } from "@pssr/api";
import type { JobContext, ObjectStore, OperationRecord, RecordKey } from "@pssr/platform";
import type { UploadRecord } from "../uploads/upload-record.js";
import type { UploadStore } from "../uploads/upload-store.js";
import { type DecodeLimits, decodeFile } from "./decode-file.js";
import { type ImageMaker, imageRequest, type MadeImage, reportProgress } from "./image-jobs.js";
import { fromKnown } from "./image-message.js";
import type { StoredImage } from "./image-record.js";
import { withImportFolder } from "./import-folder.js";

export const importKind = "image";

const request = "pssr.v1.CreateImageRequest";

const storedAtOnce = 4;

export interface ImageImportOptions {
  uploads: UploadStore;
  objects: ObjectStore;
  limits: DecodeLimits;
}

/** The id of the operation that makes an image of a file. */
export function importOperation(image: string): string {
  return `${importKind}-${image}`;
}

/** The request of an import as its operation carries it. */
export function importRequest(message: CreateImageRequest): { type: string; bytes: Uint8Array } {
  return imageRequest(request, CreateImageRequest.encode(message).finish());
}

export function imageImport(options: ImageImportOptions): ImageMaker {
  return {
    kind: importKind,
    request,
    make: (job) => runImport(job, options),
    published: (record, { signal }) => options.uploads.discard(uploadOf(record).key, { signal }),
  };
}

async function runImport(job: JobContext, options: ImageImportOptions): Promise<MadeImage> {
  const { uploads, objects, limits } = options;
  const { signal, record } = job;
  const { key, message } = uploadOf(record);
  const upload = (await uploads.get(key, { signal })).record;
  return withImportFolder(async (folder) => {
    const file = join(folder, "upload");
    await saveVerified(upload, uploads.read(upload, { signal }), file, job);
    reportProgress(job, "decoding", 0, 0, "");
    const known = fromKnown(message.image, "image");
    const zarr = join(folder, "zarr");
    const decoded = await decodeFile({ file, directory: zarr, filename: upload.filename, known, limits }, { signal });
    const location = `${job.objectPrefix}image.zarr/`;
    await storeFiles(zarr, location, objects, job);
    const image: StoredImage = {
      ...decoded.description,
      digest: decoded.digest,
      origin: { kind: "file", filename: upload.filename, sha256: upload.sha256, format: decoded.format },
      createMs: Date.now(),
      location,
    };
    return { image };
  });
}

/** Writes the upload to a file; UPLOAD_INCOMPLETE or UPLOAD_DIGEST_MISMATCH where it is not what was declared. */
async function saveVerified(
  upload: UploadRecord,
  chunks: AsyncIterable<Uint8Array>,
  path: string,
  job: JobContext,
): Promise<void> {
  const hash = createHash("sha256");
  let received = 0;
  async function* verified() {
    for await (const chunk of chunks) {
      hash.update(chunk);
      received += chunk.length;
      reportProgress(job, "checking", received, upload.sizeBytes, "bytes");
      yield chunk;
    }
  }
  await pipeline(Readable.from(verified()), createWriteStream(path), { signal: job.signal });
  checkComplete(upload, received);
  const digest = hash.digest("hex");
  if (digest === upload.sha256) return;
  throw new PssrError(
    "UPLOAD_DIGEST_MISMATCH",
    `the ${received} bytes received have the SHA-256 ${digest}, declared was ${upload.sha256}: upload the file again`,
    { field: "upload", metadata: { sha256: digest, declared_sha256: upload.sha256 } },
  );
}

/** Throws UPLOAD_INCOMPLETE unless all bytes are there. */
export function checkComplete(upload: UploadRecord, received = upload.receivedBytes): void {
  if (received === upload.sizeBytes) return;
  throw new PssrError(
    "UPLOAD_INCOMPLETE",
    `upload: ${received} of ${upload.sizeBytes} bytes are there; send the rest with WriteUpload first`,
    { field: "upload", metadata: { received_bytes: String(received), size_bytes: String(upload.sizeBytes) } },
  );
}

async function storeFiles(directory: string, location: string, objects: ObjectStore, job: JobContext): Promise<void> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const waiting = files.values();
  let stored = 0;
  // Several at once: each waits for the disk most of its time.
  const storeNext = async () => {
    for (const file of waiting) {
      const key = location + relative(directory, file).split(sep).join("/");
      await objects.put(key, createReadStream(file, { highWaterMark: 256 * 1024 }), { signal: job.signal });
      reportProgress(job, "writing", ++stored, files.length, "shards");
    }
  };
  await Promise.all(Array.from({ length: storedAtOnce }, storeNext));
}

function uploadOf(record: OperationRecord): { key: RecordKey; message: CreateImageRequest } {
  const message = CreateImageRequest.decode(record.request.bytes);
  const { project, upload } = uploadName.parse(message.upload, "upload");
  return { key: { project, id: upload }, message };
}
