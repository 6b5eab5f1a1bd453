/** The last objects of a restored image, which make it one: its OME-Zarr metadata, when all shards are there. */

import { PssrError } from "@pssr/api";
import { type ImageDescription, shardLayout, writeOmeZarrMetadata } from "@pssr/imaging";
import type { Abortable, ObjectStore } from "@pssr/platform";
import { outputShape, type PredictionSpec } from "./prediction-spec.js";

/** @param imagePrefix ends in "/". Repeating it is harmless. */
export async function writeImageMetadata(
  objects: ObjectStore,
  imagePrefix: string,
  spec: PredictionSpec,
  { signal }: Abortable,
): Promise<void> {
  const { axes, dtype, levels, pixelSizeNm } = spec.image;
  const description: ImageDescription = {
    axes,
    shape: outputShape(spec),
    dtype,
    levels,
    ...(pixelSizeNm > 0 && { pixelSizeNm: pixelSizeNm / spec.model.scale }),
  };
  if (shardLayout(description).shardShape.join() !== spec.shardShape.join()) {
    throw new PssrError("INTERNAL", "another release began this prediction and cuts images otherwise; predict again");
  }
  const store = {
    set: async (key: string, bytes: Uint8Array) => {
      await objects.put(`${imagePrefix}${key.slice(1)}`, bytes, { signal });
    },
  };
  await writeOmeZarrMetadata(store, description, { signal });
}

/** Whether the image has been finished and not been deleted since: its group's metadata comes last, and goes last. */
export async function isImage(objects: ObjectStore, imagePrefix: string, options: Abortable): Promise<boolean> {
  return (await objects.stat(`${imagePrefix}zarr.json`, options)) !== undefined;
}
