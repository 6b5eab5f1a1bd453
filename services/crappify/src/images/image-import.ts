/**
 * The operation behind CreateImage: checks an upload's size and digest, has it decoded in a process of its own, and stores
 * what comes out below the attempt's prefix. The image becomes visible when the operation has succeeded, not before.
 */
import { createHash } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { readdir } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { CreateImageRequest, Image, isPssrError, Progress, PssrError, uploadName } from "@pssr/api";
import type {
  Abortable,
  JobContext,
  JobKind,
  JobResult,
  ObjectStore,
  OperationRecord,
  RecordKey,
} from "@pssr/platform";
import type { UploadRecord } from "../uploads/upload-record.js";
import type { UploadStore } from "../uploads/upload-store.js";
import { type DecodeLimits, decodeFile } from "./decode-file.js";
import type { ImageCatalogue } from "./image-catalogue.js";
import { fromImage, fromKnown, toImage } from "./image-message.js";
import type { StoredImage } from "./image-record.js";
import { withImportFolder } from "./import-folder.js";

export const imageKind = "image";

const typePrefix = "type.googleapis.com/";
const imageType = `${typePrefix}pssr.v1.Image`;
const requestType = `${typePrefix}pssr.v1.CreateImageRequest`;

const storedAtOnce = 4;

export interface ImageImportOptions {
  uploads: UploadStore;
  images: ImageCatalogue;
  objects: ObjectStore;
  /** Imports at once. */
  concurrency: number;
  limits: DecodeLimits;
}

/** The id of the operation that imports an image. */
export function importOperation(image: string): string {
  return `${imageKind}-${image}`;
}

/** The request of an import as its operation carries it. */
export function importRequest(request: CreateImageRequest): { type: string; bytes: Uint8Array } {
  return { type: requestType, bytes: CreateImageRequest.encode(request).finish() };
}

export function imageImport(options: ImageImportOptions): JobKind {
  const { images, uploads } = options;
  return {
    kind: imageKind,
    concurrency: options.concurrency,
    run: (job) => runImport(job, options),
    exists: (project, id, { signal }) => images.isTaken({ project, id }, { signal }),
    async materialise(record: OperationRecord, { signal }: Abortable): Promise<void> {
      const key = { project: record.project, id: record.resource };
      if (record.state === "PENDING" || record.state === "RUNNING") {
        await holdIfFree(images, key, record.id, { signal });
      } else if (record.state === "SUCCEEDED" && record.result !== undefined) {
        await images.publish(key, record.id, fromImage(Image.decode(record.result.value.bytes)), { signal });
        await uploads.discard(uploadOf(record).key, { signal });
      } else {
        await images.release(key, record.id, { signal });
      }
    },
  };
}

/** An id that another has is told of when the import runs: a submitted operation ends as FAILED, it does not vanish. */
async function holdIfFree(images: ImageCatalogue, key: RecordKey, operation: string, { signal }: Abortable) {
  try {
    await images.reserve(key, operation, { signal });
  } catch (error) {
    if (!isPssrError(error, "ALREADY_EXISTS")) throw error;
  }
}

async function runImport(job: JobContext, options: ImageImportOptions): Promise<JobResult> {
  const { uploads, images, objects, limits } = options;
  const { signal, record } = job;
  await images.reserve({ project: record.project, id: record.resource }, record.id, { signal });
  const { key, request } = uploadOf(record);
  const upload = (await uploads.get(key, { signal })).record;
  return withImportFolder(async (folder) => {
    const file = join(folder, "upload");
    await saveVerified(upload, uploads.read(upload, { signal }), file, job);
    report(job, "decoding", 0, 0, "");
    const known = fromKnown(request.image, "image");
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
    const message = toImage({ key: { project: record.project, id: record.resource }, image });
    return { value: { type: imageType, bytes: Image.encode(message).finish() } };
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
      report(job, "checking", received, upload.sizeBytes, "bytes");
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
      report(job, "writing", ++stored, files.length, "shards");
    }
  };
  await Promise.all(Array.from({ length: storedAtOnce }, storeNext));
}

function uploadOf(record: OperationRecord): { key: { project: string; id: string }; request: CreateImageRequest } {
  const request = CreateImageRequest.decode(record.request.bytes);
  const { project, upload } = uploadName.parse(request.upload, "upload");
  return { key: { project, id: upload }, request };
}

function report(job: JobContext, phase: string, done: number, total: number, unit: string): void {
  const fraction = total === 0 ? 0 : done / total;
  const progress = Progress.fromPartial({ phase, done: BigInt(done), total: BigInt(total), unit, fraction });
  job.progress({ type: `${typePrefix}pssr.v1.Progress`, bytes: Progress.encode(progress).finish() });
}
