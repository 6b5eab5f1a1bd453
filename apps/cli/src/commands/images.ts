/** `pssr images`: bring images in, list them, take them out. */
import { extname } from "node:path";
import { FileFormat, type Image, IntensityLevels_Source, imageName, PssrError } from "@pssr/api";
import { downloadFile } from "@pssr/client";
import type { Command } from "commander";
import { number } from "../arguments.js";
import { allPages, type Context, withContext } from "../context.js";
import { table } from "../terminal/table.js";
import { type ImportOptions, importImage } from "./import-image.js";

function levelsShown({ levels }: Image): string {
  if (levels === undefined) return "";
  const measured = levels.source === IntensityLevels_Source.SOURCE_PERCENTILE ? " (measured)" : "";
  return `${levels.black}–${levels.white}${measured}`;
}

/** The format that a file's ending names; INVALID_FIELD where it names none. */
export function formatOf(file: string): FileFormat {
  const format = {
    ".png": FileFormat.FILE_FORMAT_PNG,
    ".tif": FileFormat.FILE_FORMAT_TIFF,
    ".tiff": FileFormat.FILE_FORMAT_TIFF,
  }[extname(file).toLowerCase()];
  if (format !== undefined) return format;
  throw new PssrError("INVALID_FIELD", `${file}: its ending names no known format; use .png or .tif`);
}

/** Writes an image to a file; its format follows the file's ending. */
export async function exportImage(context: Context, name: string, file: string): Promise<void> {
  const format = formatOf(file);
  await downloadFile((offset, during) => context.client.images.downloadImage({ name, format, offset }, during), file, {
    signal: context.signal,
  });
}

/** The names of all images whose ids fit a pattern: an id, or a beginning with "*" at its end. */
export async function matchingImages(context: Context, patterns: string[]): Promise<string[]> {
  const names: string[] = [];
  for (const pattern of patterns) {
    if (!pattern.endsWith("*")) {
      names.push(context.name("images", pattern));
      continue;
    }
    const before = names.length;
    for await (const image of allImages(context))
      if (imageName.parse(image.name).image.startsWith(pattern.slice(0, -1))) names.push(image.name);
    if (names.length === before)
      throw new PssrError("NOT_FOUND", `no image fits "${pattern}"; \`pssr images list\` shows what is there`);
  }
  return names;
}

async function* allImages({ client, parent, signal }: Context): AsyncGenerator<Image> {
  for await (const { images } of allPages((pageToken) =>
    client.images.listImages({ parent, pageSize: 1000, pageToken }, { signal }),
  ))
    yield* images;
}

export function addImageCommands(program: Command, signal: AbortSignal): void {
  const images = program.command("images").description("bring images in, list them, take them out");

  images
    .command("import <files...>")
    .description("upload PNG or TIFF files (8 or 16 bits, grey)")
    .option("--id <id>", "the image's id (one file only; default: made of the file's name)")
    .option(
      "--black <value>",
      "pixel value without signal (default: from the file, else the 0.1 % percentile)",
      number(-1e9, 1e9),
    )
    .option(
      "--white <value>",
      "pixel value at full signal (default: from the file, else the 99.9 % percentile)",
      number(-1e9, 1e9),
    )
    .option("--pixel-size <nm>", "size of a pixel in nanometres (default: from the file)", number(0, 1e9))
    .action(
      withContext(signal, async (context, files: string[], options: ImportOptions) => {
        if (options.id !== undefined && files.length > 1)
          throw new PssrError(
            "INVALID_FIELD",
            "--id fits one file only; leave it out, and the ids are made of the files' names",
          );
        for (const file of files) {
          const image = await importImage(context, file, options);
          context.output.result(image, image.name);
        }
      }),
    );

  images
    .command("list")
    .description("list the project's images")
    .action(
      withContext(signal, async (context) => {
        const all: Image[] = [];
        for await (const image of allImages(context)) all.push(image);
        const rows = all.map((i) => [
          imageName.parse(i.name).image,
          i.shape.join("×"),
          { 0: "?", 1: "uint8", 2: "uint16", 3: "float32" }[i.dataType as 0 | 1 | 2 | 3],
          i.pixelSizeNm > 0 ? `${i.pixelSizeNm} nm` : "",
          levelsShown(i),
          i.origin?.kind?.$case ?? "",
        ]);
        context.output.list(
          all,
          rows.length === 0 ? "no images yet" : table(["image", "shape", "type", "pixel", "levels", "from"], rows),
        );
      }),
    );

  images
    .command("export <images...>")
    .description("write images to files")
    .requiredOption(
      "-o, --output <file>",
      "file to write, ending in .png or .tif; with several images, {} stands for the id",
    )
    .action(
      withContext(signal, async (context, given: string[], options: { output: string }) => {
        if (given.length > 1 && !options.output.includes("{}"))
          throw new PssrError(
            "INVALID_FIELD",
            `--output ${options.output}: several images need a name with {} in it, such as out/{}.png`,
          );
        for (const name of given.map((g) => context.name("images", g))) {
          const file = options.output.replaceAll("{}", imageName.parse(name).image);
          await exportImage(context, name, file);
          context.output.result({ image: name, file }, file);
        }
      }),
    );

  images
    .command("delete <images...>")
    .description('delete images that no dataset has; "fast-*" means all that begin so')
    .action(
      withContext(signal, async (context, given: string[]) => {
        for (const name of await matchingImages(context, given)) {
          await context.client.images.deleteImage({ name }, { signal });
          context.output.result({ name }, `${name} is deleted`);
        }
      }),
    );
}
