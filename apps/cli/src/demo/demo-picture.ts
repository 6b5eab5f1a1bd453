/** A picture of what the demo did: one detail as the fast scan saw it, enlarged plainly, restored, and as it really is. */
import { readFile } from "node:fs/promises";
import { copyRegion, createPixelArray, decodeImage, encodePng, montage, type PixelArray, resize } from "@pssr/imaging";

/** The detail in high-resolution pixels, and how often each is drawn along y and x. */
const detail = { y: 224, x: 192, side: 160 };
const zoom = 2;
const limits = { maxPixels: 2 ** 28, maxBytes: 2 ** 28 };

export interface DemoFiles {
  input: string;
  restored: string;
  truth: string;
}

/** A PNG of four panels. The restored image is `scale` times as large as its input. */
export async function demoPicture(files: DemoFiles): Promise<Uint8Array> {
  const [input, restored, truth] = await Promise.all([files.input, files.restored, files.truth].map(readPlane));
  const scale = truth!.shape[0]! / input!.shape[0]!;
  const bilinear = resize(input!, truth!.shape as [number, number], "BILINEAR");
  const panels = [enlarge(input!, scale), bilinear, restored!, truth!].map((plane) => enlarge(cut(plane), zoom));
  return encodePng(montage(panels, ["FAST SCAN", "BILINEAR", "RESTORED", "TRUTH"]));
}

async function readPlane(file: string): Promise<PixelArray> {
  return (await decodeImage(await readFile(file), limits)).pixels;
}

/** The detail, or as much of it as a smaller image has. */
function cut(plane: PixelArray): PixelArray {
  const shape = plane.shape.map((size) => Math.min(detail.side, size));
  const start = [detail.y, detail.x].map((from, axis) => Math.min(from, plane.shape[axis]! - shape[axis]!));
  return copyRegion(plane, { start, shape });
}

/** Every pixel drawn `times` × `times`. */
function enlarge(plane: PixelArray, times: number): PixelArray {
  const [height, width] = plane.shape.map((size) => size * times) as [number, number];
  const result = createPixelArray("yx", [height, width], plane.dtype);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++)
      result.data[y * width + x] = plane.data[Math.floor(y / times) * plane.shape[1]! + Math.floor(x / times)]!;
  return result;
}
