/** `pssr crappify`: see what a crappifier makes of an image. */
import { writeFile } from "node:fs/promises";
import { type PixelBlock, PssrError } from "@pssr/api";
import type { Command } from "commander";
import { integer, region } from "../arguments.js";
import { withContext } from "../context.js";
import { addCrappifierOptions, askedCrappifier, type CrappifierOptions } from "./crappifier-options.js";

interface CrappifyOptions extends CrappifierOptions {
  output: string;
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
    .description("see what a crappifier makes of an image, and how much noise that is")
    .requiredOption("-o, --output <file>", "PNG file to write")
    .option("--region <y,x,height,width>", "part of the image, in pixels (default: all of it)", region)
    .option("--seed <n>", "seed of the noise", integer(0, Number.MAX_SAFE_INTEGER), 0)
    .action(
      withContext(signal, async (context, image: string, options: CrappifyOptions) => {
        const [y, x, height, width] = options.region ?? [];
        const { low, statistics } = await context.client.crappify.preview(
          {
            image: context.name("images", image),
            region: options.region && { start: [BigInt(y!), BigInt(x!)], shape: [BigInt(height!), BigInt(width!)] },
            crappifier: await askedCrappifier(context, options),
            seed: BigInt(options.seed),
          },
          { signal },
        );
        if (low === undefined || statistics === undefined)
          throw new PssrError("INTERNAL", "the answer holds no pixels");
        await writeFile(options.output, await pngOf(low));
        const { standardDeviation, meanDifference, psnrDb } = statistics;
        const noise = { standard_deviation: standardDeviation, mean_difference: meanDifference, psnr_db: psnrDb };
        context.output.result(
          { file: options.output, shape: low.shape, noise },
          `${options.output}: noise of ${standardDeviation.toPrecision(3)} grey values (standard deviation), PSNR ${psnrDb.toFixed(1)} dB`,
        );
      }),
    );
}
