/** Decodes one file: writes its pixels as OME-Zarr into a directory, and tells what it found. */
import { readFile } from "node:fs/promises";
import { isPssrError } from "@pssr/api";
import { decodeImage, resolveLevels } from "@pssr/imaging";
import type { DecodedFile, DecodeOutcome, DecodeTask } from "./decode-file.js";
import { ImageDigest } from "./image-digest.js";
import { writeZarrDirectory } from "./zarr-directory.js";

/** Rejects only where the fault is neither the file's nor the disk's. */
export async function outcomeOf(task: DecodeTask): Promise<DecodeOutcome> {
  try {
    return { decoded: await decode(task) };
  } catch (error) {
    if (isFull(error)) return { full: error.code };
    if (!isPssrError(error)) throw error;
    const { reason, message, field } = error;
    return { error: { reason, message: `${task.filename}: ${message}`, field } };
  }
}

async function decode({ file, directory, known, limits }: DecodeTask): Promise<DecodedFile> {
  // Beside the decoded pixels, the file itself and a decoder's scratch must fit into the process.
  const maxBytes = Math.floor(limits.memoryBytes / 2);
  const { pixels, format, ...declared } = decodeImage(await readFile(file), { maxPixels: limits.pixels, maxBytes });
  const { axes, shape, dtype, data } = pixels;
  const levels = resolveLevels(pixels, { caller: known.levels, metadata: declared.levels });
  const pixelSizeNm = known.pixelSizeNm ?? declared.pixelSizeNm ?? 0;
  const description = { axes, shape: [...shape], dtype, pixelSizeNm, levels };
  await writeZarrDirectory(directory, pixels, description);
  return { description, digest: new ImageDigest(description).update(data).end(), format };
}

function isFull(error: unknown): error is Error & { code: string } {
  return error instanceof Error && "code" in error && (error.code === "ENOSPC" || error.code === "EDQUOT");
}
