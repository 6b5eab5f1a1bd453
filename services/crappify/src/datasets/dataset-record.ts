/** What is stored of a dataset: its record, small enough for a list, and its manifest, an object that names every image. */
import type { Dtype, Levels } from "@pssr/imaging";
import type { VersionedRecord } from "@pssr/platform";

/** How a dataset's images are cut; all sizes in high-resolution pixels. */
export interface TileGeometry {
  tileSize: number;
  tileStride: number;
  /** Share of each plane's area held back for validation. */
  validationFraction: number;
  /** Width of the gap around what is held back; 0: none was wanted. */
  guard: number;
}

export interface StoredDataset extends TileGeometry {
  trainingTiles: number;
  validationTiles: number;
  dtype: Dtype;
  /** Smallest side of a pixel of the images in nanometres; absent: not every image tells, or an older release made it. */
  pixelSizeNm?: number;
  /** SHA-256 over the images' digests, the tiles and the split, hexadecimal. */
  digest: string;
  createMs: number;
  /** The manifest's key in the object store. */
  manifest: string;
}

export type DatasetRecord = VersionedRecord &
  (
    | {
        /** "preparing": not visible yet, but its images are held already. */
        state: "preparing" | "ready";
        requestId: string;
        dataset: StoredDataset;
      }
    | { state: "deleted" }
  );

/** An image as a dataset pins it. */
export interface ManifestImage {
  /** projects/{project}/images/{image} */
  name: string;
  digest: string;
  /** Size along each axis. */
  shape: number[];
  /** Prefix of its OME-Zarr in the object store. */
  location: string;
  levels: Levels;
  /** Side of a pixel in nanometres; absent: unknown, or an older release made the dataset. */
  pixelSizeNm?: number;
}

export interface DatasetManifest {
  schemaVersion: 1;
  images: ManifestImage[];
}
