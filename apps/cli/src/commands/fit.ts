/** `pssr fit`: find the crappifier that is a real microscope. */
import { randomUUID } from "node:crypto";
import { access, constants, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { Fit, type FitResult, RenderFitRequest_Format as Format, fitName, PssrError } from "@pssr/api";
import { type Command, Option } from "commander";
import { number, pictureFile } from "../arguments.js";
import { type Context, withContext } from "../context.js";
import { canBeLeft } from "../following.js";
import { shortNumber } from "../terminal/short-number.js";
import { namingImage } from "./fit-fields.js";
import { type FitImageOptions, fitImages } from "./fit-images.js";
import { fitJson } from "./fit-json.js";
import { rangesOf, shortNames } from "./fit-ranges.js";
import { addFitRequestOptions, type FitRequestOptions, fitRequest } from "./fit-request.js";
import { fitSummary } from "./fit-summary.js";

interface FitOptions extends FitImageOptions, FitRequestOptions {
  id?: string;
  report?: string;
  detach?: boolean;
}

export function addFitCommand(program: Command, signal: AbortSignal): void {
  const command = program
    .command("fit")
    .description("find the crappifier that is your microscope, from images it took and good ones")
    .option("--low <images...>", 'images as it takes them: ids, files, folders/, or "fast-*", all whose ids begin so')
    .option("--high <images...>", "high-resolution images, named likewise")
    .option(
      "--paired",
      "each low image shows the field of its high one: of folders and patterns those of one name, else one by one (default: the same kind of sample)",
    )
    .option("--scans <images...>", "two scans of one field, with the settings of the low images; four: of two fields")
    .option("--dark <images...>", "images without light, with those settings");
  addFitRequestOptions(command)
    .option("--id <id>", "the fit's id, and that of the crappifier that is saved (default: chosen)")
    .option("--report <file>", "picture to write, .png or .svg (default: ID-fit.png in this folder)", pictureFile)
    .option("--black <value>", "for files: pixel value without signal", number(-1e9, 1e9))
    .option("--white <value>", "for files: pixel value at full signal", number(-1e9, 1e9))
    .option("--pixel-size <nm>", "for files: size of a pixel in nanometres", number(0, 1e9))
    .addOption(new Option("--detach", "do not wait; `pssr operations watch` follows it").conflicts("report"))
    .action(withContext(signal, runFit));
}

async function runFit(context: Context, options: FitOptions): Promise<void> {
  const { client, parent, output, signal } = context;
  const { id, report, detach } = options;
  if (detach !== true) await access(dirname(report ?? "fit.png"), constants.W_OK);
  const asked = await fitRequest(context, options);
  const images = await fitImages(context, options);
  const fit = { ...asked, ...images };
  if (images.unpaired !== undefined) {
    output.note("images of --low and --high may show different fields; with --paired, a pair shows one");
  }
  try {
    const request = { parent, fitId: id, fit, requestId: randomUUID() };
    const operation = await client.fits.fitCrappifier(request, { signal });
    if (detach === true) return output.result({ operation: operation.name }, operation.name);
    output.note(canBeLeft(operation));
    const ranges = await rangesOf(context, operation);
    const told = ranges.map(({ path, min, max }) => `${path} (${shortNumber(min)} – ${shortNumber(max)})`);
    output.note(`looking for ${told.join(", ")}`);
    const { name } = await context.finish(operation, Fit, "fitting", { names: shortNames(ranges) });
    // The response has no saved crappifier, and of large fits not all that was asked for.
    const ended = await client.fits.getFit({ name }, { signal });
    const result = resultOf(ended);
    const file = await writePicture(context, ended.name, report);
    const text = [fitSummary(ended, result), `Picture: ${file}`].join("\n");
    output.result({ ...(await fitJson(ended)), file }, text);
  } catch (error) {
    throw namingImage(error, images);
  }
}

/** The result of a fit; NOT_FOUND for one that has none. */
export function resultOf({ name, result, operation }: Fit): FitResult {
  if (result !== undefined) return result;
  throw new PssrError("NOT_FOUND", `${name} has no result; ${operation} tells why`);
}

/** Draws a fit's report into a file, which is named. */
export async function writePicture(context: Context, name: string, asked?: string): Promise<string> {
  const { client, signal, output } = context;
  const file = asked ?? `${fitName.parse(name).fit}-fit.png`;
  const format = /\.svg$/i.test(file) ? Format.FORMAT_SVG : Format.FORMAT_PNG;
  const { data } = await client.fits.renderFit({ name, format }, { signal });
  if (await isThere(file)) output.note(`${file} was there already, and is written anew`);
  await writeFile(file, data);
  return file;
}

async function isThere(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}
