/** `pssr crappify`: see what a crappifier makes of an image, or make a new one with it. */
import { randomUUID } from "node:crypto";
import { writeFile } from "node:fs/promises";
import {
  type CrappifyImageRequest,
  Image,
  imageName,
  type PixelBlock,
  type PreviewRequest,
  PssrError,
} from "@pssr/api";
import type { Command } from "commander";
import { integer, plane, pngFile, region } from "../arguments.js";
import { type Context, withContext } from "../context.js";
import { counted } from "../terminal/counted.js";
import { addCrappifierOptions, askedCrappifier, type CrappifierOptions } from "./crappifier-options.js";

interface CrappifyOptions extends CrappifierOptions {
  output?: string;
  id?: string;
  region?: [number, number, number, number];
  plane?: number[];
  seed: number;
}

/** A block of pixels as a PNG file's bytes. */
export async function pngOf(block: PixelBlock): Promise<Uint8Array> {
  const { encodePng, fromPixelBlock } = await import("@pssr/imaging");
  const pixels = fromPixelBlock(block);
  if (pixels.dtype === "float32")
    throw new PssrError(
      "UNSUPPORTED_PIXELS",
      "a PNG has no floating-point pixels: degrade the whole image with --id, and export that as TIFF",
    );
  return encodePng(pixels);
}

export function addCrappifyCommand(program: Command, signal: AbortSignal): void {
  addCrappifierOptions(program.command("crappify <image>"))
    .description("see what a crappifier makes of an image, and how much noise that is; or make a new image of it")
    .option(
      "-o, --output <file>",
      "PNG file to write: a picture of a plane or a region of it, at most 2 million pixels",
      pngFile,
    )
    .option(
      "--plane <z>",
      "which plane of a stack: its number along each axis before y and x, such as 12 or 0,12",
      plane,
    )
    .option("--region <y,x,height,width>", "part of the image, in pixels (default: all of it)", region)
    .option("--id <id>", "degrade the whole image into a new image of this id")
    .option("--seed <n>", "seed of the noise", integer(0, Number.MAX_SAFE_INTEGER), 0)
    .action(
      withContext(signal, async (context, image: string, options: CrappifyOptions) => {
        const { output, id } = options;
        const part = options.region ?? options.plane;
        if ((output === undefined) === (id === undefined) || (id !== undefined && part !== undefined)) {
          throw new PssrError(
            "INVALID_FIELD",
            "say either --output FILE, for a picture of a --plane or --region of the image, or --id ID, for a new image of all of it",
          );
        }
        const crappifier = await askedCrappifier(context, options);
        const asked = { image: context.name("images", image), crappifier, seed: BigInt(options.seed) };
        if (output !== undefined)
          await preview(context, { ...asked, region: await partOf(context, asked.image, options) }, output);
        else await degradeWhole(context, { ...asked, imageId: id!, requestId: randomUUID() });
      }),
    );
}

async function preview(context: Context, request: Partial<PreviewRequest>, file: string): Promise<void> {
  const { low, statistics } = await context.client.crappify.preview(request, { signal: context.signal });
  if (low === undefined || statistics === undefined) throw new PssrError("INTERNAL", "the answer holds no pixels");
  await writeFile(file, await pngOf(low));
  const { standardDeviation, meanDifference, psnrDb } = statistics;
  const noise = { standard_deviation: standardDeviation, mean_difference: meanDifference, psnr_db: psnrDb };
  context.output.result(
    { file, shape: low.shape, noise },
    `${file}: differs by ${Number(standardDeviation.toPrecision(3))} grey values (standard deviation), PSNR ${psnrDb.toFixed(1)} dB`,
  );
}

async function degradeWhole(context: Context, request: Partial<CrappifyImageRequest>): Promise<void> {
  const { client, output, signal } = context;
  const operation = await client.crappify.crappifyImage(request, { signal });
  const original = await client.images.getImage({ name: request.image! }, { signal });
  const made = await context.finish(operation, Image, imageName.parse(original.name).image);
  const cut = cutOf(original, made);
  if (cut !== undefined) output.note(cutWords(original, cut));
  output.result({ ...made, ...(cut && { cut }) }, made.name);
}

interface Cut {
  scale: number;
  /** High-resolution pixels that no low-resolution one stands for: at the bottom, and at the right. */
  rows: number;
  columns: number;
}

/** Undefined where nothing was cut. */
function cutOf({ shape: high }: Image, { shape: low, origin }: Image): Cut | undefined {
  if (origin?.kind?.$case !== "crappified") return undefined;
  const scale = origin.kind.value.crappifier?.sampling?.scale ?? 1;
  const [rows, columns] = [-2, -1].map((axis) => Number(high.at(axis)!) - scale * Number(low.at(axis)!));
  return rows === 0 && columns === 0 ? undefined : { scale, rows: rows!, columns: columns! };
}

/** What was cut, and how its original is cut alike. */
function cutWords({ name, shape }: Image, { scale, rows, columns }: Cut): string {
  const { image } = imageName.parse(name);
  const sides = [Number(shape.at(-2)!) - rows, Number(shape.at(-1)!) - columns];
  const parts = [
    ...(rows > 0 ? [`${counted(rows, "row")} at the bottom`] : []),
    ...(columns > 0 ? [`${counted(columns, "column")} at the right`] : []),
  ];
  const were = rows + columns === 1 ? "was" : "were";
  const told = `${parts.join(" and ")} of ${image}, ${shape.join("×")}, ${were} cut: it is no multiple of the scale ${scale}`;
  if (shape.length > 2) return told;
  const command = `pssr crappify ${image} --scale 1 --poisson 0 --region 0,0,${sides} -o FILE.png`;
  return `${told}; a pair of \`pssr fit --paired\` needs its original cut alike: ${command}`;
}

/** What is asked for of an image: a plane, or a region of it. */
async function partOf({ client, signal }: Context, name: string, { plane, region }: CrappifyOptions) {
  const { axes, shape } = await client.images.getImage({ name }, { signal });
  const leading = shape.slice(0, -2);
  const first = plane?.map(BigInt) ?? leading.map(() => 0n);
  const isOne = leading.every((size) => size === 1n);
  if (first.length !== leading.length || (plane === undefined && !isOne)) {
    const advice = isOne ? "leave --plane out" : `name one, such as --plane ${leading.map((size) => size / 2n)}`;
    throw new PssrError(
      "INVALID_FIELD",
      `${name} is ${shape.join("×")} pixels along ${axes}: ${advice}, or degrade all of it with --id`,
    );
  }
  const [y, x, height, width] = region?.map(BigInt) ?? [0n, 0n, ...shape.slice(-2)];
  return { start: [...first, y!, x!], shape: [...leading.map(() => 1n), height!, width!] };
}
