/** Stored images as a thread opens them: through the pool, which fetches bytes for it. What is open stays open for a while. */
import {
  type ByteRange,
  type Dtype,
  openOmeZarr,
  type PixelArray,
  type ReadableStore,
  type Region,
} from "@pssr/imaging";
import { askFromThread } from "@pssr/platform";
import type { PixelQuestion } from "./pixel-tasks.js";

export interface StoredPixels {
  /** Prefix in the object store. */
  readonly location: string;
  readonly axes: string;
  readonly shape: readonly number[];
  readonly dtype: Dtype;
  read(region: Region): Promise<PixelArray>;
}

/** Bounds the memory of open images: each holds the indices of its shards, 16 bytes for each 256 × 256 pixels. */
const mostOpen = 512;
const open = new Map<string, Promise<StoredPixels>>();

/** Several tasks share an open image, so that reading goes on when one of them is given up. */
export async function openStoredPixels(location: string): Promise<StoredPixels> {
  const image = open.get(location) ?? openNow(location);
  open.delete(location);
  open.set(location, image);
  const oldest = open.keys().next();
  if (open.size > mostOpen && !oldest.done) open.delete(oldest.value);
  return image;
}

async function openNow(location: string): Promise<StoredPixels> {
  // What failed once (an unreachable store) must not be remembered: the next task opens anew.
  const forgetting = async <T>(work: Promise<T>): Promise<T> => {
    try {
      return await work;
    } catch (error) {
      open.delete(location);
      throw error;
    }
  };
  const { axes, shape, dtype, readRegion } = await forgetting(openOmeZarr(storeAt(location)));
  return { location, axes, shape, dtype, read: (region) => forgetting(readRegion(region)) };
}

function storeAt(location: string): ReadableStore {
  const ask = (question: PixelQuestion) => askFromThread(question) as Promise<Uint8Array | undefined>;
  return {
    get: (key) => ask({ whole: location + key.slice(1) }),
    getRange: (key, range: ByteRange) => ask({ part: location + key.slice(1), range }),
  };
}
