/**
 * The metadata documents of an OME-Zarr 0.5 image: the group with `ome.multiscales` and the display window (`ome.omero`), and
 * the array of its full-resolution level. What OME has no word for (who declared the levels) stands under `pssr`.
 */
import { PssrError } from "@pssr/api";
import { checkLevels, type Levels } from "../pixels/levels.js";
import { checkAxes, type Dtype, maximumOf } from "../pixels/pixel-array.js";
import { shardLayout } from "./shard-layout.js";

/** What is known of an image beside its pixels. */
export interface ImageDescription {
  readonly axes: string;
  readonly shape: readonly number[];
  readonly dtype: Dtype;
  /** Size of a pixel along y and x in nanometres. */
  readonly pixelSizeNm?: number | undefined;
  /** Distance of planes along z in nanometres. */
  readonly planeDistanceNm?: number | undefined;
  readonly levels?: Levels | undefined;
  readonly name?: string | undefined;
}

type Json = { [key: string]: unknown };

/** The group's zarr.json. */
export function groupDocument(image: ImageDescription): Json {
  checkAxes(image.axes, image.shape);
  if (image.levels !== undefined) checkLevels(image.levels);
  const size = (axis: string) =>
    axis === "z" ? image.planeDistanceNm : "yx".includes(axis) ? image.pixelSizeNm : undefined;
  const axes = [...image.axes].map((name) => ({
    name,
    type: name === "t" ? "time" : name === "c" ? "channel" : "space",
    ...(size(name) !== undefined && { unit: "nanometer" }),
  }));
  const scale = [...image.axes].map((name) => size(name) ?? 1);
  const multiscale = {
    name: image.name ?? "image",
    axes,
    datasets: [{ path: "0", coordinateTransformations: [{ type: "scale", scale }] }],
  };
  const ome = { version: "0.5", multiscales: [multiscale], ...(image.levels && { omero: omero(image, image.levels) }) };
  const pssr = { ...(image.levels && { levels: image.levels }) };
  return { zarr_format: 3, node_type: "group", attributes: { ome, pssr } };
}

/** The zarr.json of the full-resolution array. */
export function arrayDocument(image: ImageDescription): Json {
  const { shardShape, chunkShape } = shardLayout(image);
  const bytes = { name: "bytes", configuration: { endian: "little" } };
  const sharding = {
    chunk_shape: chunkShape,
    codecs: [bytes, { name: "gzip", configuration: { level: 1 } }],
    index_codecs: [bytes, { name: "crc32c" }],
    index_location: "end",
  };
  return {
    zarr_format: 3,
    node_type: "array",
    shape: image.shape,
    data_type: image.dtype,
    chunk_grid: { name: "regular", configuration: { chunk_shape: shardShape } },
    chunk_key_encoding: { name: "default", configuration: { separator: "/" } },
    fill_value: 0,
    codecs: [{ name: "sharding_indexed", configuration: sharding }],
    dimension_names: [...image.axes],
    attributes: {},
  };
}

/** What a group's document says of the image, and where its full-resolution array lies. */
export interface ReadDescription {
  readonly path: string;
  readonly axes: string;
  readonly pixelSizeNm?: number;
  readonly planeDistanceNm?: number;
  readonly levels?: Levels;
  readonly name?: string;
  /** True if we wrote it: then every shard exists. */
  readonly ours: boolean;
}

/** @throws PssrError OBJECT_CORRUPT if it is no OME-Zarr 0.5 image group */
export function readGroupDocument(document: unknown): ReadDescription {
  const attributes = member(document, "attributes");
  const ome = member(attributes, "ome");
  const multiscale = list(member(ome, "multiscales"))[0];
  const axes = list(member(multiscale, "axes"));
  const names = axes.map((axis) => member(axis, "name")).join("");
  const dataset = list(member(multiscale, "datasets"))[0];
  const path = member(dataset, "path");
  if (typeof path !== "string" || !/^t?c?z?yx$/.test(names)) {
    throw new PssrError(
      "OBJECT_CORRUPT",
      "the group is no OME-Zarr 0.5 image with axes out of t, c, z, y, x: write the image again",
    );
  }
  const transformation = list(member(dataset, "coordinateTransformations")).find(
    (entry) => member(entry, "type") === "scale",
  );
  const scale = list(member(transformation, "scale"));
  const sizeNm = (name: string): number | undefined => {
    const axis = names.indexOf(name);
    const factor = nanometres[String(member(axes[axis], "unit"))];
    const value = scale[axis];
    return factor !== undefined && typeof value === "number" && value > 0 ? value * factor : undefined;
  };
  const [pixelSizeNm, planeDistanceNm] = [sizeNm("x"), sizeNm("z")];
  const levels = readLevels(attributes, ome);
  const name = member(multiscale, "name");
  return {
    path,
    axes: names,
    ours: member(attributes, "pssr") !== undefined,
    ...(pixelSizeNm !== undefined && { pixelSizeNm }),
    ...(planeDistanceNm !== undefined && { planeDistanceNm }),
    ...(levels !== undefined && { levels }),
    ...(typeof name === "string" && { name }),
  };
}

const nanometres: Readonly<Record<string, number>> = { angstrom: 0.1, nanometer: 1, micrometer: 1e3, millimeter: 1e6 };

function omero(image: ImageDescription, { black, white }: Levels): Json {
  const channels = image.axes.includes("c") ? image.shape[image.axes.indexOf("c")]! : 1;
  const top = maximumOf(image.dtype);
  const window = { start: black, end: white, min: top === undefined ? black : 0, max: top ?? white };
  const channel = (_: unknown, i: number) => ({ label: `channel ${i}`, color: "FFFFFF", active: true, window });
  return { channels: Array.from({ length: channels }, channel), rdefs: { model: "greyscale" } };
}

function readLevels(attributes: unknown, ome: unknown): Levels | undefined {
  const own = member(member(attributes, "pssr"), "levels");
  const window = member(list(member(member(ome, "omero"), "channels"))[0], "window");
  const source = member(own, "source");
  const [black, white] =
    own === undefined ? [member(window, "start"), member(window, "end")] : [member(own, "black"), member(own, "white")];
  if (typeof black !== "number" || typeof white !== "number" || !(white > black)) return undefined;
  return { black, white, source: source === "CALLER" || source === "PERCENTILE" ? source : "METADATA" };
}

function member(value: unknown, key: string): unknown {
  return typeof value === "object" && value !== null ? (value as Json)[key] : undefined;
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
