/** What the threads that work on pixels are asked to do, and what they ask back. Plain data: it crosses threads. */
import type { Calibration, Crappifier, ExternalCall, NoiseKey, NoiseStatistics } from "@pssr/crappifiers";
import type { ByteRange, Dtype, Levels } from "@pssr/imaging";
import type { ExportFormat } from "../images/image-exports.js";

/** Pixels of one image, by the prefix of its OME-Zarr. */
export interface Box {
  location: string;
  /** First pixel and size along each axis. */
  start: readonly number[];
  shape: readonly number[];
}

export interface CrappifyOrder {
  crappifier: Crappifier;
  calibration: Calibration;
  key: NoiseKey;
}

/** One tile of a pair, and what becomes of it. */
export interface PairOrder extends Box {
  order: CrappifyOrder;
  /** 0 to 7; see `orient`. */
  orientation: number;
  /** What the signal above black is multiplied by before all else. */
  gain: number;
  /** Whether the tile is degraded as it lies in the image, and turned then. */
  degradeFirst: boolean;
}

export type PixelTask =
  /** Pixels as they are → `Bytes`. */
  | ({ do: "read" } & Box)
  /** A region crappified, plane by plane, and compared with what it was → `PreviewBytes`. */
  | ({ do: "preview"; order: CrappifyOrder } & Box)
  /**
   * Whole rows of one plane of an image that is degraded as one tile; box and answer are of low-resolution pixels, the plane's
   * number counts over the leading axes. So many rows are made at once, which bounds the memory → `Bytes`.
   */
  | ({ do: "band"; order: CrappifyOrder; rowsAtOnce: number } & Box)
  /**
   * Square tiles, each laid in one of the eight orientations, and behind it its crappified counterpart, one pair after the other
   * → `into`, which is handed over with the task. Several at once, for small ones take less time than a task.
   */
  | { do: "pairs"; pairs: readonly PairOrder[]; into: ArrayBuffer }
  /** What is stored, and its digest → `Described`. */
  | { do: "describe"; location: string; pixelSizeNm: number; levels: Levels }
  /** A file; its bytes are handed over as questions, each an `ExportPiece` → nothing. */
  | {
      do: "export";
      location: string;
      format: ExportFormat;
      pixelSizeNm: number;
      /** Undefined where none were declared. */
      levels: Levels | undefined;
      description: string;
    };

export interface PreviewBytes {
  low: Uint8Array<ArrayBuffer>;
  statistics: NoiseStatistics;
}

export interface Described {
  axes: string;
  shape: number[];
  dtype: Dtype;
  digest: string;
}

/** What a thread asks the pool for. */
export type PixelQuestion =
  /** An object. Answer: `Uint8Array`, or undefined where there is none. */
  | { whole: string }
  /** Part of an object. Answer: `Uint8Array`; NOT_FOUND where there is no such object. */
  | { part: string; range: ByteRange };

/** What a task asks for whose crappifier has external steps. Answer: `Float32Array`, the pixels as the step leaves them. */
export interface ExternalQuestion {
  external: ExternalCall;
}

/** A piece of an export, handed over by its task; the answer comes when more is wanted. */
export interface ExportPiece {
  chunk: Uint8Array;
}
