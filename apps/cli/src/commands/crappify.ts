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
import { integer, region } from "../arguments.js";
import { type Context, withContext } from "../context.js";
import { addCrappifierOptions, askedCrappifier, type CrappifierOptions } from "./crappifier-options.js";

interface CrappifyOptions extends CrappifierOptions {
  output?: string;
  id?: string;
  region?: [number, number, number, number];
  seed: number;
}

/** A block of pixels as a PNG file's bytes. */
export async function pngOf(block: PixelBlock): Promise<Uint8Array> {
  const { encodePng, fromPixelBlock } = await import("@pssr/imaging");
  const pixels = fromPixelBlock(block);
  if (pixels.dtype === "float32" || pixels.axes !== "yx")
    throw new PssrError(
      "UNSUPPORTED_PIXELS",
      "a PNG holds one plane of 8- or 16-bit pixels; export the image as TIFF instead",
    );
  return encodePng(pixels);
}

export function addCrappifyCommand(program: Command, signal: AbortSignal): void {
  addCrappifierOptions(program.command("crappify <image>"))
    .description("see what a crappifier makes of an image, and how much noise that is; or make a new image of it")
    .option(
      "-o, --output <file>",
      "PNG file to write: a picture of a plane or a region of it, at most 2 million pixels",
    )
    .option("--region <y,x,height,width>", "part of the image, in pixels (default: all of it)", region)
    .option("--id <id>", "degrade the whole image into a new image of this id")
    .option("--seed <n>", "seed of the noise", integer(0, Number.MAX_SAFE_INTEGER), 0)
    .action(
      withContext(signal, async (context, image: string, options: CrappifyOptions) => {
        const { output, region, id } = options;
        if ((output === undefined) === (id === undefined) || (id !== undefined && region !== undefined)) {
          throw new PssrError(
            "INVALID_FIELD",
            "say either --output FILE, for a picture of the image or a --region of it, or --id ID, for a new image of all of it",
          );
        }
        const crappifier = await askedCrappifier(context, options);
        const asked = { image: context.name("images", image), crappifier, seed: BigInt(options.seed) };
        if (output !== undefined) await preview(context, { ...asked, region: regionOf(region) }, output);
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
    `${file}: noise of ${standardDeviation.toPrecision(3)} grey values (standard deviation), PSNR ${psnrDb.toFixed(1)} dB`,
  );
}

async function degradeWhole(context: Context, request: Partial<CrappifyImageRequest>): Promise<void> {
  const operation = await context.client.crappify.crappifyImage(request, { signal: context.signal });
  const made = await context.finish(operation, Image, imageName.parse(request.image!).image);
  context.output.result(made, made.name);
}

function regionOf(corners: [number, number, number, number] | undefined) {
  if (corners === undefined) return undefined;
  const [y, x, height, width] = corners.map(BigInt) as [bigint, bigint, bigint, bigint];
  return { start: [y, x], shape: [height, width] };
}
