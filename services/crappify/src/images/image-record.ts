/** What is stored of an image. One record for each id, for good: an id that was given once is never given again. */
import type { Crappifier } from "@pssr/crappifiers";
import type { Dtype, Levels } from "@pssr/imaging";
import type { VersionedRecord } from "@pssr/platform";

/** What is in an image's pixels and what they mean. */
export interface PixelDescription {
  /** One letter per dimension, slowest first; the last two are "yx". */
  axes: string;
  /** Size along each axis, in pixels. */
  shape: number[];
  dtype: Dtype;
  /** Along y and x, in nanometres; 0: unknown. */
  pixelSizeNm: number;
  levels: Levels;
}

export type StoredOrigin =
  | { kind: "file"; filename: string; sha256: string; format: string }
  | {
      kind: "prediction";
      prediction: string;
      modelVersion: string;
      inputImage: string;
      inputDigest: string;
      clippedPixels: number;
    }
  | {
      kind: "crappified";
      image: string;
      imageDigest: string;
      crappifier: Crappifier;
      /** The name that its numbers came from; "": they were given. Absent in older records. */
      crappifierSource?: string;
      /** As text: JSON knows no numbers of 64 bits. */
      seed: string;
    };

export interface StoredImage extends PixelDescription {
  /** SHA-256 over the description and the pixels, hexadecimal. */
  digest: string;
  origin: StoredOrigin | undefined;
  createMs: number;
  /** Prefix of its OME-Zarr in the object store; ends in "/". */
  location: string;
}

export type ImageRecord = VersionedRecord &
  /** Held for an operation of the same project, by its id, since `reservedMs`. */
  (
    | { state: "making"; operation: string; reservedMs: number }
    | { state: "ready"; image: StoredImage }
    /** Hidden already; its pixels are being removed. */
    | { state: "deleting"; image: StoredImage }
    | { state: "deleted" }
  );
