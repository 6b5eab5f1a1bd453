/**
 * Everything that decides a prediction's pixels, resolved when it was asked for: what the names meant then. It is the
 * request of the operation, and each region's worker reads it; so every try of every worker makes the same image.
 */
import { PssrError } from "@pssr/api";
import { type BlackAndWhite, type Dtype, type Levels, shardLayout } from "@pssr/imaging";
import type { FileDigest } from "@pssr/networks";
import type { TypedBytes } from "@pssr/platform";
import { regionGrid } from "../tiling/regions.js";
import { countTiles, type TiledNetwork } from "../tiling/tiles.js";

export interface InputImage {
  readonly name: string;
  readonly digest: string;
  /** A prefix in the object store. */
  readonly location: string;
  /** "yx" or "zyx". */
  readonly axes: string;
  readonly shape: readonly number[];
  readonly dtype: Dtype;
  /** 0: not known. */
  readonly pixelSizeNm: number;
  readonly levels: Levels;
}

export interface SpecifiedModel extends TiledNetwork {
  /** The version's resource name, never "latest". */
  readonly name: string;
  /** A prefix in the object store. */
  readonly location: string;
  readonly onnx: FileDigest;
  /** What the network has for an image's levels. */
  readonly levels: BlackAndWhite;
}

/** What the caller said. */
export interface AskedPrediction {
  /** Resource names; the version may be "latest". */
  readonly image: string;
  readonly modelVersion: string;
  /** "" for an image named after the prediction. */
  readonly outputImage: string;
  /** In input pixels; 0 for the default. */
  readonly tileSize: number;
}

export interface PredictionSpec {
  readonly schemaVersion: 1;
  readonly asked: AskedPrediction;
  readonly image: InputImage;
  readonly model: SpecifiedModel;
  /** In input pixels. */
  readonly tileSize: number;
  /** Regions of the output, in pixels along each axis. */
  readonly shardShape: readonly number[];
}

export function outputShape({ image, model }: Pick<PredictionSpec, "image" | "model">): number[] {
  const leading = image.shape.length - 2;
  return image.shape.map((side, axis) => (axis < leading ? side : side * model.scale));
}

/** A region is a shard of the restored image. */
export function shardShapeFor(spec: Pick<PredictionSpec, "image" | "model">): readonly number[] {
  return shardLayout({ axes: spec.image.axes, shape: outputShape(spec), dtype: spec.image.dtype }).shardShape;
}

/** The regions of a prediction and the tiles of each. */
export function regionPlan(spec: PredictionSpec) {
  const grid = regionGrid(outputShape(spec), spec.shardShape);
  const leading = spec.shardShape.length - 2;
  return {
    ...grid,
    /** Tiles in a region, over all its planes. */
    tiles(index: number): number {
      const { start, shape } = grid.box(index);
      const planes = shape.slice(0, leading).reduce((product, side) => product * side, 1);
      const plane = { start: start.slice(leading), shape: shape.slice(leading) };
      return planes * countTiles(plane, spec.model, spec.tileSize);
    },
  };
}

const specType = "application/json; message=pssr.predict.PredictionSpec";

export function encodeSpec(spec: PredictionSpec): TypedBytes {
  return { type: specType, bytes: new TextEncoder().encode(JSON.stringify(spec)) };
}

/** Throws RECORD_TOO_NEW for what a newer release wrote. */
export function decodeSpec({ bytes }: TypedBytes): PredictionSpec {
  const spec = JSON.parse(new TextDecoder().decode(bytes)) as { schemaVersion: number };
  if (spec.schemaVersion !== 1) {
    throw new PssrError(
      "RECORD_TOO_NEW",
      `a prediction's request has schema version ${spec.schemaVersion}, this release reads version 1: run a newer release`,
    );
  }
  return spec as PredictionSpec;
}
