/** Pictures for tests: smooth enough to be compressed and to be told from noise, different everywhere. */
import {
  createPixelArray,
  type Dtype,
  encodePng,
  encodeTiff,
  memorySource,
  type PixelArray,
  pixelCount,
  tiffSource,
} from "@pssr/imaging";

/** Waves between a tenth and nine tenths of 200 (uint8) or 4000 (others: a 12-bit camera's range). */
export function picture(shape: readonly number[], dtype: Dtype, phase = 0): PixelArray {
  const pixels = createPixelArray("tczyx".slice(5 - shape.length), shape, dtype);
  const width = shape.at(-1)!;
  const height = shape.at(-2)!;
  const top = dtype === "uint8" ? 200 : 4000;
  for (let i = 0; i < pixelCount(shape); i++) {
    const [x, y, z] = [i % width, Math.floor(i / width) % height, Math.floor(i / (width * height))];
    const wave = Math.sin(x / 7 + phase) * Math.cos(y / 11 + z) + Math.sin((x * y) / 997);
    pixels.data[i] = top * (0.5 + 0.2 * wave);
  }
  return pixels;
}

export function png(pixels: PixelArray): Uint8Array {
  return encodePng(pixels);
}

export async function tiff(pixels: PixelArray, options: Parameters<typeof encodeTiff>[1] = {}): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of encodeTiff(tiffSource(memorySource(pixels)), options)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** 2 × 2 pixels of 8-bit RGB, written by zlib alone. */
export const rgbPng = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAIAAAACCAIAAAD91JpzAAAAC0lEQVR4nGNgQAYAAA4AAamRc7EAAAAASUVORK5CYII=",
  "base64",
);
