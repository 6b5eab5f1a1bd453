/**
 * The operations that make images, in whichever way: the image's id is held while one is at work, and the image becomes visible
 * when it has succeeded, not before.
 */
import { Image, isPssrError, Progress } from "@pssr/api";
import type { Abortable, JobContext, JobKind, OperationRecord, RecordKey } from "@pssr/platform";
import type { ImageCatalogue } from "./image-catalogue.js";
import { fromImage, toImage } from "./image-message.js";
import type { StoredImage } from "./image-record.js";

const typePrefix = "type.googleapis.com/";
const imageType = `${typePrefix}pssr.v1.Image`;

export interface MadeImage {
  image: StoredImage;
  /** Earlier attempts in whose objects it lies, if any. */
  keepAttempts?: number[];
}

/** One way to make an image. */
export interface ImageMaker {
  /** Of its operations: "image". Each has a queue of its own, so that what takes long holds up no other. */
  kind: string;
  /** The request that asks for it: "pssr.v1.CreateImageRequest". */
  request: string;
  /** Writes the pixels below the job's prefix, or goes on below that of an earlier attempt. */
  make(job: JobContext): Promise<MadeImage>;
  /** What is to be done when the image is there; may be repeated. */
  published?(record: OperationRecord, options: Abortable): Promise<void>;
}

export interface ImageJobsOptions {
  images: ImageCatalogue;
  maker: ImageMaker;
  /** Images made so at once. */
  concurrency: number;
}

/** A request as its operation carries it. */
export function imageRequest(request: string, bytes: Uint8Array): { type: string; bytes: Uint8Array } {
  return { type: typePrefix + request, bytes };
}

export function imageJobs({ images, maker, concurrency }: ImageJobsOptions): JobKind {
  return {
    kind: maker.kind,
    concurrency,
    async run(job) {
      const { signal, record } = job;
      const key = { project: record.project, id: record.resource };
      await images.reserve(key, record.id, { signal });
      if (record.request.type !== typePrefix + maker.request) {
        throw new Error(`no image is made of a ${record.request.type} here`);
      }
      const { image, keepAttempts = [] } = await maker.make(job);
      const made = toImage({ key, image });
      return { value: { type: imageType, bytes: Image.encode(made).finish() }, made: made.name, keepAttempts };
    },
    exists: (project, id, { signal }) => images.isTaken({ project, id }, { signal }),
    async materialise(record: OperationRecord, { signal }: Abortable): Promise<void> {
      const key = { project: record.project, id: record.resource };
      if (record.state === "PENDING" || record.state === "RUNNING") {
        await holdIfFree(images, key, record.id, { signal });
      } else if (record.state === "SUCCEEDED" && record.result !== undefined) {
        await images.publish(key, record.id, fromImage(Image.decode(record.result.value.bytes)), { signal });
        await maker.published?.(record, { signal });
      } else {
        await images.release(key, record.id, { signal });
      }
    },
  };
}

/** An id that another has is told of when the job runs: a submitted operation ends as FAILED, it does not vanish. */
async function holdIfFree(images: ImageCatalogue, key: RecordKey, operation: string, { signal }: Abortable) {
  try {
    await images.reserve(key, operation, { signal });
  } catch (error) {
    if (!isPssrError(error, "ALREADY_EXISTS")) throw error;
  }
}

export function reportProgress(job: JobContext, phase: string, done: number, total: number, unit: string): void {
  const fraction = total === 0 ? 0 : done / total;
  const progress = Progress.fromPartial({ phase, done: BigInt(done), total: BigInt(total), unit, fraction });
  job.progress({ type: `${typePrefix}pssr.v1.Progress`, bytes: Progress.encode(progress).finish() });
}
