/** Writes an image as OME-Zarr into a directory, one file for each object it will be. */
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { memorySource, type PixelArray, type WritableStore, writeOmeZarr } from "@pssr/imaging";
import type { PixelDescription } from "./image-record.js";

/** The directory is made; keys are our own (`/0/c/0/0`), never a file's. */
export async function writeZarrDirectory(
  directory: string,
  pixels: PixelArray,
  { pixelSizeNm, levels }: PixelDescription,
): Promise<void> {
  const store: WritableStore = {
    async set(key, value) {
      const path = join(directory, key);
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, value);
    },
  };
  await writeOmeZarr(store, memorySource(pixels), { levels, ...(pixelSizeNm > 0 ? { pixelSizeNm } : {}) });
}
