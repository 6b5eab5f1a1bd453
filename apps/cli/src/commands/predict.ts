/** `pssr predict`: restore images, by id or straight from files. */
import { basename, extname } from "node:path";
import { imageName, Prediction, PssrError } from "@pssr/api";
import type { Command } from "commander";
import { integer, number } from "../arguments.js";
import { type Context, withContext } from "../context.js";
import { exportImage, type ImportOptions, importImage } from "./images.js";

interface PredictOptions extends ImportOptions {
  model: string;
  /** Of the restored image. */
  id?: string;
  output?: string;
  tileSize?: number;
}

/** Restores one image and gives the prediction, whose image exists. */
export async function restore(
  context: Context,
  image: string,
  model: string,
  { id, tileSize = 0 }: { id?: string; tileSize?: number } = {},
): Promise<Prediction> {
  const { client, parent, signal } = context;
  const outputImage = id === undefined ? "" : context.name("images", id);
  const prediction = { image, modelVersion: context.modelVersion(model), tileSize, outputImage };
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
    .option(
      "--id <id>",
      "id of the restored image; with several images, {} stands for the id of each (default: chosen)",
    )
    .option("--tile-size <px>", "side of a tile in input pixels", integer(16, 2048))
    .option("--black <value>", "for files: pixel value without signal", number(-1e9, 1e9))
    .option("--white <value>", "for files: pixel value at full signal", number(-1e9, 1e9))
    .option("--pixel-size <nm>", "for files: size of a pixel in nanometres", number(0, 1e9))
    .action(
      withContext(signal, async (context, given: string[], options: PredictOptions) => {
        for (const name of ["output", "id"] as const)
          if (given.length > 1 && options[name] !== undefined && !options[name].includes("{}"))
            throw new PssrError(
              "INVALID_FIELD",
              `--${name} ${options[name]}: with several images it needs {} in it, which stands for each one's id`,
            );
        for (const one of given) {
          const isFile = /\.(png|tiff?)$/i.test(one); // an id has no dot
          const image = isFile
            ? (await importImage(context, one, { ...options, id: undefined })).name
            : context.name("images", one);
          const short = isFile ? basename(one, extname(one)) : imageName.parse(image).image;
          const id = options.id?.replaceAll("{}", imageName.parse(image).image);
          const prediction = await restore(context, image, options.model, { id, tileSize: options.tileSize });
          const file = options.output?.replaceAll("{}", short);
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
