/**
 * Images as files for download. A file is encoded once, into a write-once object of the image's own, so every
 * download of it has the same bytes and can go on at any offset; it is a cache, swept after a day unless it is being read.
 */
import { PssrError } from "@pssr/api";
import {
  type Abortable,
  type Clock,
  type ObjectStat,
  type ObjectStore,
  type RecordKey,
  ThreadPool,
} from "@pssr/platform";
import { fetchFor } from "../pixels/pixel-reader.js";
import type { ExportPiece, PixelTask } from "../pixels/pixel-tasks.js";
import { SeenSince } from "../seen-since.js";
import { exportPrefix } from "./image-catalogue.js";
import type { StoredImage } from "./image-record.js";
import { SharedWork } from "./shared-work.js";

export type ExportFormat = "png" | "tiff";

export interface ExportedFile {
  filename: string;
  mediaType: string;
  sizeBytes: number;
  /** Hexadecimal. */
  sha256: string;
  /** The bytes from an offset on, in pieces of at most 256 KiB. */
  read(offset: number, options: Abortable): AsyncIterable<Uint8Array>;
}

const formats: Readonly<Record<ExportFormat, { ending: string; mediaType: string }>> = {
  png: { ending: "png", mediaType: "image/png" },
  tiff: { ending: "tif", mediaType: "image/tiff" },
};

/** Part of a file's key: raised with every change of what the encoders write. */
const encoderVersion = 2;
const pieceBytes = 256 * 1024;
const lifetimeMs = 24 * 60 * 60 * 1000;
/** A PNG is encoded in memory, as a whole. */
const maximumPngPixels = 2 ** 27;

export class ImageExports {
  readonly #objects: ObjectStore;
  readonly #work = new SharedWork<ObjectStat>();
  /** One thread, apart from those that make pairs: an export takes long. */
  readonly #pool: ThreadPool<PixelTask, undefined>;

  readonly #seen: SeenSince;
  /** How many read a file here, by its key. */
  readonly #readers = new Map<string, number>();

  constructor(objects: ObjectStore, { clock, ...options }: { cacheBytes: number; clock?: Clock }) {
    this.#objects = objects;
    this.#seen = new SeenSince(clock);
    this.#pool = new ThreadPool({
      script: new URL("../pixels/pixel-thread.js", import.meta.url),
      name: "export",
      threads: 1,
      workerData: options,
      answer: fetchFor(objects),
    });
  }

  /** The file of an image, encoded now if need be. Fails with UNSUPPORTED_PIXELS where the format cannot hold the image. */
  async open(key: RecordKey, image: StoredImage, format: ExportFormat, { signal }: Abortable): Promise<ExportedFile> {
    checkFormat(image, format);
    const { ending, mediaType } = formats[format];
    const object = `${exportPrefix(key)}v${encoderVersion}.${ending}`;
    const stat =
      (await this.#objects.stat(object, { signal })) ??
      (await this.#work.run(object, (options) => this.#encode(object, image, format, options), { signal }));
    const { size, sha256 } = stat;
    return {
      filename: `${key.id}.${ending}`,
      mediaType,
      sizeBytes: size,
      sha256,
      read: (offset, options) => this.#read(object, offset, size, options),
    };
  }

  /** Forgets files older than a day, but for those that are being read here. */
  async sweep({ signal }: Abortable): Promise<void> {
    const round = this.#seen.begin();
    for await (const { key, modifiedMs } of this.#objects.list("exports/", { signal })) {
      const isOld = round.isOlder({ key, revision: modifiedMs, writtenMs: modifiedMs }, lifetimeMs);
      if (isOld && !this.#readers.has(key)) await this.#objects.delete(key, { signal });
    }
    round.end();
  }

  async close(): Promise<void> {
    await this.#pool.close();
  }

  async *#read(object: string, offset: number, size: number, { signal }: Abortable): AsyncIterable<Uint8Array> {
    this.#readers.set(object, (this.#readers.get(object) ?? 0) + 1);
    try {
      for (let at = offset; at < size; ) {
        const piece = await this.#objects.range(object, at, pieceBytes, { signal });
        if (piece.length === 0)
          throw new PssrError("OBJECT_CORRUPT", `${object} is shorter than it was; download it again`);
        at += piece.length;
        yield piece;
      }
    } finally {
      const others = this.#readers.get(object)! - 1;
      if (others > 0) this.#readers.set(object, others);
      else this.#readers.delete(object);
    }
  }

  async #encode(
    object: string,
    image: StoredImage,
    format: ExportFormat,
    { signal }: { signal: AbortSignal },
  ): Promise<ObjectStat> {
    const { location, pixelSizeNm } = image;
    // Measured ones would come back as declared ones, and cut off what lies beyond the percentiles.
    const levels = image.levels.source === "PERCENTILE" ? undefined : image.levels;
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
    const writer = writable.getWriter();
    const answer = async (piece: unknown) => {
      await writer.write((piece as ExportPiece).chunk);
      return { value: undefined };
    };
    const task: PixelTask = { do: "export", location, format, pixelSizeNm, levels, description: describe(image) };
    const encoding = this.#pool.run(task, { signal, answer }).then(
      () => writer.close(),
      (error: unknown) => writer.abort(error),
    );
    const [stored] = await Promise.all([this.#objects.put(object, readable, { signal }), encoding]);
    return stored;
  }
}

function checkFormat({ axes, dtype, shape }: StoredImage, format: ExportFormat): void {
  if (format !== "png") return;
  const pixels = shape.reduce((product, size) => product * size, 1);
  const why =
    axes !== "yx"
      ? `a PNG holds one plane, the image is ${axes}`
      : dtype === "float32"
        ? "a PNG holds whole numbers, the image float32"
        : pixels > maximumPngPixels
          ? `${pixels} pixels are more than the ${maximumPngPixels} that are written as PNG`
          : undefined;
  if (why !== undefined)
    throw new PssrError("UNSUPPORTED_PIXELS", `format: ${why}; download it as TIFF`, { field: "format" });
}

/** What the file says of where its pixels come from. */
function describe({ digest, origin }: StoredImage): string {
  const lines = [`digest=${digest}`];
  if (origin?.kind === "file") lines.push(`file=${origin.filename}`, `file_sha256=${origin.sha256}`);
  if (origin?.kind === "crappified") {
    const { image, imageDigest, crappifier, crappifierSource = "", seed } = origin;
    lines.push(`crappified_image=${image}`, `crappified_digest=${imageDigest}`, `seed=${seed}`);
    lines.push(`crappifier=${JSON.stringify(crappifier)}`);
    if (crappifierSource !== "") lines.push(`crappifier_source=${crappifierSource}`);
  }
  if (origin?.kind === "prediction") {
    lines.push(
      `model_version=${origin.modelVersion}`,
      `input_image=${origin.inputImage}`,
      `input_digest=${origin.inputDigest}`,
    );
    lines.push(`clipped_pixels=${origin.clippedPixels}`);
  }
  return lines.join("\n");
}
