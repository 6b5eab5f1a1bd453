/** One detail of an image as each preset would have it, side by side: a look tells more than numbers do. */
import { Crappifier, type CrappifierPreset, isPssrError, type PreviewResponse, PssrError } from "@pssr/api";
import { copyRows, createPixelArray, encodePng, fromPixelBlock, montage, type PixelArray } from "@pssr/imaging";
import type { Context } from "../context.js";

const scale = 4;
/** Default detail, in high-resolution pixels. */
const side = 384;
const panelsPerRow = 4;
/** How often each low-resolution pixel is drawn along y and x. */
const zoom = 2;

type Box = [y: number, x: number, height: number, width: number];

export interface PresetsPicture {
  png: Uint8Array;
  /** Names of those in the picture. */
  drawn: string[];
  /** Those that cannot work on this image. */
  left: { name: string; reason: string }[];
}

export async function presetsPicture(
  context: Context,
  presets: readonly CrappifierPreset[],
  image: string,
  asked: Box | undefined,
): Promise<PresetsPicture> {
  const { client, signal } = context;
  const [y, x, height, width] = asked ?? middleOf(await client.images.getImage({ name: image }, { signal }));
  const region = { start: [BigInt(y), BigInt(x)], shape: [BigInt(height), BigInt(width)] };
  const preview = (crappifier: Crappifier) => client.crappify.preview({ image, region, crappifier }, { signal });
  const sampled = panelOf(await preview(Crappifier.fromPartial({ sampling: { scale } })));
  const [panels, drawn] = [[sampled], [] as string[]];
  const left: PresetsPicture["left"] = [];
  for (const { name } of presets) {
    try {
      panels.push(
        panelOf(
          await preview(Crappifier.fromPartial({ named: { $case: "preset", value: name }, sampling: { scale } })),
        ),
      );
      drawn.push(name);
    } catch (error) {
      if (!isPssrError(error, "INVALID_FIELD") || !error.field?.startsWith("crappifier.")) throw error;
      left.push({ name, reason: error.message });
    }
  }
  return { png: await encodePng(inRows(panels, ["only sampled", ...drawn])), drawn, left };
}

function middleOf({ name, shape }: { name: string; shape: bigint[] }): Box {
  if (shape.length !== 2) {
    throw new PssrError("INVALID_FIELD", `${name} is a stack of planes; a picture is drawn of an image with one`);
  }
  const [height, width] = shape.map((size) => Math.min(side, Number(size) - (Number(size) % scale)));
  const [y, x] = shape.map((size, axis) => Math.floor((Number(size) - [height!, width!][axis]!) / 2));
  return [y!, x!, height!, width!];
}

/** Black to white as 0 to 255. */
function panelOf({ low, levels }: PreviewResponse): PixelArray {
  if (low === undefined || levels === undefined) throw new PssrError("INTERNAL", "the answer holds no pixels");
  const { data, shape } = fromPixelBlock(low);
  const [height, width] = shape.map((size) => size * zoom) as [number, number];
  const panel = createPixelArray("yx", [height, width], "uint8");
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const value = data[Math.floor(y / zoom) * shape[1]! + Math.floor(x / zoom)]!;
      const share = (value - levels.black) / (levels.white - levels.black);
      panel.data[y * width + x] = Math.round(255 * Math.min(1, Math.max(0, share)));
    }
  return panel;
}

function inRows(panels: readonly PixelArray[], labels: readonly string[]): PixelArray {
  const rows: PixelArray[] = [];
  for (let from = 0; from < panels.length; from += panelsPerRow)
    rows.push(montage(panels.slice(from, from + panelsPerRow), labels.slice(from, from + panelsPerRow)));
  const [height, width] = rows[0]!.shape as [number, number];
  const picture = createPixelArray("yx", [height * rows.length, width], "uint8");
  picture.data.fill(255);
  rows.forEach((row, index) => {
    copyRows(row, [0, 0], picture, [index * height, 0], row.shape);
  });
  return picture;
}
