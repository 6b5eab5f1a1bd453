/** Writes a whole image as OME-Zarr 0.5: its shards, one after the other, and last its metadata. */
import type { RegionSource } from "../pixels/region-source.js";
import { arrayDocument, groupDocument, type ImageDescription } from "./metadata.js";
import { gridIndices } from "./shard-layout.js";
import { ShardWriter } from "./shard-writer.js";
import type { WritableStore } from "./store.js";

interface Abortable {
  signal?: AbortSignal | undefined;
}

/**
 * Memory: one shard and its compressed form. The metadata come last, so that what opens is whole.
 * @throws PssrError INVALID_FIELD; the signal's reason when it aborts; what the store throws
 */
export async function writeOmeZarr(
  store: WritableStore,
  source: RegionSource,
  about: Omit<ImageDescription, "axes" | "shape" | "dtype"> = {},
  { signal }: Abortable = {},
): Promise<void> {
  const { axes, shape, dtype } = source;
  const writer = new ShardWriter(store, { axes, shape, dtype });
  for (const index of gridIndices(writer.layout.grid)) {
    await writer.write(index, await source.readRegion(writer.regionOf(index), { signal }), { signal });
  }
  await writeOmeZarrMetadata(store, { ...about, axes, shape, dtype }, { signal });
}

/** Writes the metadata alone, for an image whose shards are written by `ShardWriter`s: the group's document last. */
export async function writeOmeZarrMetadata(
  store: WritableStore,
  image: ImageDescription,
  { signal }: Abortable = {},
): Promise<void> {
  const encode = (document: unknown) => new TextEncoder().encode(JSON.stringify(document, null, 2));
  const [array, group] = [encode(arrayDocument(image)), encode(groupDocument(image))];
  signal?.throwIfAborted();
  await store.set("/0/zarr.json", array, { signal });
  await store.set("/zarr.json", group, { signal });
}
