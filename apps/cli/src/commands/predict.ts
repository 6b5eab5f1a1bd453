/** `pssr predict`: restore images, by id or straight from files. */
import { existsSync } from "node:fs";
import { basename, extname } from "node:path";
import { imageName, Prediction, PssrError } from "@pssr/api";
import type { Command } from "commander";
import { integer, number } from "../arguments.js";
import { type Context, withContext } from "../context.js";
import { exportImage, type ImportOptions, importImage } from "./images.js";

interface PredictOptions extends ImportOptions {
  model: string;
  output?: string;
  tileSize?: number;
}

/** Restores one image and gives the prediction, whose image exists. */
export async function restore(context: Context, image: string, model: string, tileSize = 0): Promise<Prediction> {
  const { client, parent, signal } = context;
  const prediction = { image, modelVersion: context.modelVersion(model), tileSize };
  const operation = await client.predictions.createPrediction({ parent, prediction }, { signal });
  return await context.finish(operation, Prediction, imageName.parse(image).image);
}

export function addPredictCommand(program: Command, signal: AbortSignal): void {
  program
    .command("predict <images...>")
    .description("restore images, by id or straight from files")
    .requiredOption("--model <model>", "MODEL for its newest version, or MODEL/VERSION")
    .option(
      "-o, --output <file>",
      "also write the result to a file ending in .png or .tif; with several images, {} stands for the id",
    )
    .option("--tile-size <px>", "side of a tile in input pixels", integer(16, 2048))
    .option("--black <value>", "for files: pixel value without signal", number(-1e9, 1e9))
    .option("--white <value>", "for files: pixel value at full signal", number(-1e9, 1e9))
    .option("--pixel-size <nm>", "for files: size of a pixel in nanometres", number(0, 1e9))
    .action(
      withContext(signal, async (context, given: string[], options: PredictOptions) => {
        if (given.length > 1 && options.output !== undefined && !options.output.includes("{}"))
          throw new PssrError(
            "INVALID_FIELD",
            `--output ${options.output}: several images need a name with {} in it, such as out/{}.png`,
          );
        for (const one of given) {
          const isFile = /\.(png|tiff?)$/i.test(one) && existsSync(one);
          const image = isFile ? (await importImage(context, one, options)).name : context.name("images", one);
          const prediction = await restore(context, image, options.model, options.tileSize);
          const file = options.output?.replaceAll(
            "{}",
            isFile ? basename(one, extname(one)) : imageName.parse(image).image,
          );
          if (file !== undefined) await exportImage(context, prediction.outputImage, file);
          if (prediction.clippedPixels > 0n)
            context.output.note(
              `${prediction.clippedPixels} pixels lay outside the data type's range and were clipped`,
            );
          context.output.result({ ...prediction, file }, file ?? prediction.outputImage);
        }
      }),
    );
}
