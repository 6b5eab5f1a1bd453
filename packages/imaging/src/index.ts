export { decodeImage } from "./formats/decode-image.js";
export type { DecodedImage, DecodeLimits } from "./formats/decoded-image.js";
export { encodePng, encodeRgbPng, type PngOptions, type RgbPixels } from "./formats/png/encode-png.js";
export { encodeTiff, type TiffOptions } from "./formats/tiff/encode-tiff.js";
export { type TiffSource, tiffSource } from "./formats/tiff/tiff-source.js";
export { alignKernelPlace, type KernelModule, openKernels, reachTo } from "./kernel-module.js";
export {
  fromDataType,
  fromIntensityLevels,
  fromPixelBlock,
  pixelsOf,
  toDataType,
  toIntensityLevels,
  toPixelBlock,
} from "./message.js";
export { type AffineFit, applyAffine, fitAffine } from "./metrics/affine-fit.js";
export { psnr } from "./metrics/psnr.js";
export { ssim } from "./metrics/ssim.js";
export { montage } from "./montage/montage.js";
export type { ImageDescription } from "./ome-zarr/metadata.js";
export { type OmeZarrImage, openOmeZarr } from "./ome-zarr/open-ome-zarr.js";
export { gridIndex, gridIndices, type ShardLayout, shardLayout, shardRegion } from "./ome-zarr/shard-layout.js";
export { ShardWriter } from "./ome-zarr/shard-writer.js";
export type { ByteRange, ReadableStore, StoreKey, WritableStore } from "./ome-zarr/store.js";
export { writeOmeZarr, writeOmeZarrMetadata } from "./ome-zarr/write-ome-zarr.js";
export { type IntensityMap, intensityMap, mapToPixels, mapValues } from "./pixels/intensity-map.js";
export {
  type BlackAndWhite,
  checkLevels,
  type Levels,
  type LevelsSource,
  resolveLevels,
} from "./pixels/levels.js";
export { orient, orientations } from "./pixels/orientation.js";
export {
  allocatePixels,
  bytesPerPixel,
  copyRegion,
  copyRows,
  createPixelArray,
  type Dtype,
  maximumOf,
  type PixelArray,
  type PixelData,
  pixelCount,
  planeCount,
  planeOf,
  planeShape,
  type Region,
} from "./pixels/pixel-array.js";
export { memorySource, type RegionSource } from "./pixels/region-source.js";
export type { ResamplingKernel } from "./resampling/coefficients.js";
export { Resampler, type ResamplerOptions, resize } from "./resampling/resampler.js";
export { type SpatialSplit, type SplitOptions, splitPlane } from "./tiles/split-plane.js";
export { type PlaneOrigin, planeOrigins, tileOrigins } from "./tiles/tile-origins.js";
