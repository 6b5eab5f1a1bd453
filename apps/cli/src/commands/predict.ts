/** `pssr predict`: restore images, by id or straight from files. */
import { basename, extname, resolve } from "node:path";
import { imageName, Prediction, PssrError } from "@pssr/api";
import type { Command } from "commander";
import { integer, number } from "../arguments.js";
import { type Context, withContext } from "../context.js";
import { exportImage, formatOf } from "./images.js";
import { type ImportOptions, importInput } from "./import-image.js";

interface PredictOptions extends Omit<ImportOptions, "id"> {
  model: string;
  /** Of the restored image. */
  id?: string;
  /** Of the image that a file becomes. */
  inputId?: string;
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
      "also write the result to a file ending in .png or .tif; with several images, {} stands for the id, or the file's name",
    )
    .option(
      "--id <id>",
      "id of the restored image; with several images, {} stands for the id of each (default: chosen)",
    )
    .option(
      "--input-id <id>",
      "for one file: id of its image (default: made of its name, and of its content where that is another image's)",
    )
    .option("--tile-size <px>", "side of a tile in input pixels", integer(16, 2048))
    .option("--black <value>", "for files: pixel value without signal", number(-1e9, 1e9))
    .option("--white <value>", "for files: pixel value at full signal", number(-1e9, 1e9))
    .option("--pixel-size <nm>", "for files: size of a pixel in nanometres", number(0, 1e9))
    .action(
      withContext(signal, async (context, given: string[], options: PredictOptions) => {
        for (const input of inputsOf(context, given, options)) {
          const image = input.file === undefined ? input.name : await imported(context, input.file, options);
          const id = options.id?.replaceAll("{}", imageName.parse(image).image);
          const prediction = await restore(context, image, options.model, { id, tileSize: options.tileSize });
          const file = input.output;
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

/** An image to restore: a file, or the name of an image that is there. */
type Input = ({ file: string } | { file?: undefined; name: string }) & { output: string | undefined };

/** What is given, and where its result goes. INVALID_FIELD where that would fail at the end, before anything is begun. */
function inputsOf(context: Context, given: string[], options: PredictOptions): Input[] {
  const { output, id, inputId } = options;
  if (given.length > 1)
    for (const [option, value] of Object.entries({ output, id }))
      if (value !== undefined && !value.includes("{}"))
        throw new PssrError(
          "INVALID_FIELD",
          `--${option} ${value}: with several images it needs {} in it, which stands for each one's id`,
        );
  if (output !== undefined) formatOf(output);
  const inputs = given.map((one) => {
    if (isFile(one)) return { file: one, output: output?.replaceAll("{}", basename(one, extname(one))) };
    const name = context.name("images", one);
    return { name, output: output?.replaceAll("{}", imageName.parse(name).image) };
  });
  if (inputId !== undefined && (inputs.length > 1 || inputs[0]?.file === undefined))
    throw new PssrError("INVALID_FIELD", "--input-id names the image that one file becomes: give it with one file");
  const written = new Set(inputs.flatMap(({ file }) => (file === undefined ? [] : [resolve(file)])));
  for (const { output: one } of inputs) {
    if (one === undefined) continue;
    if (written.has(resolve(one)))
      throw new PssrError(
        "INVALID_FIELD",
        `--output ${output}: ${one} is an image to restore, or another's result; choose a name that is neither`,
      );
    written.add(resolve(one));
  }
  return inputs;
}

/** An id has no dot. */
function isFile(given: string): boolean {
  return /\.(png|tiff?)$/i.test(given);
}

async function imported(context: Context, file: string, options: PredictOptions): Promise<string> {
  return (await importInput(context, file, { ...options, id: options.inputId })).name;
}
