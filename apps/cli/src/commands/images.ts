/** `pssr images`: bring images in, list them, take them out. */
import { randomUUID } from "node:crypto";
import { basename, extname } from "node:path";
import { FileFormat, Image, IntensityLevels_Source, idFrom, imageName, isPssrError, PssrError } from "@pssr/api";
import { downloadFile, uploadFile } from "@pssr/client";
import type { Command } from "commander";
import { number } from "../arguments.js";
import { allPages, type Context, withContext } from "../context.js";
import { table } from "../terminal/table.js";

export interface ImportOptions {
  id?: string;
  black?: number;
  white?: number;
  pixelSize?: number;
}

/** What a caller may say of an image. */
interface Asked {
  levels: { black: number; white: number } | undefined;
  pixelSizeNm: number;
}

/** Uploads a file and makes it an image. Importing the same file under the same id again finds the first image. */
export async function importImage(context: Context, file: string, options: ImportOptions): Promise<Image> {
  const { client, parent, signal, output } = context;
  const imageId = options.id ?? idFrom(basename(file, extname(file)));
  const image = { levels: levelsOf(options), pixelSizeNm: options.pixelSize ?? 0 };
  const upload = await uploadFile(client, file, {
    parent,
    signal,
    requestKey: imageId,
    onProgress: (sent, total) =>
      output.progress.show(basename(file), {
        phase: "uploading",
        done: BigInt(sent),
        total: BigInt(total),
        unit: "bytes",
        fraction: sent / total,
        remaining: undefined,
        details: undefined,
      }),
  });
  const request = { parent, imageId, upload: upload.name, image, requestId: randomUUID() };
  try {
    const operation = await client.images.createImage(request, { signal });
    return await context.finish(operation, Image, basename(file));
  } catch (error) {
    if (!isPssrError(error, "ALREADY_EXISTS")) throw error;
    const present = await sameImage(context, imageId, upload.sha256, image);
    if (present === undefined) throw error;
    return present;
  }
}

function levelsShown({ levels }: Image): string {
  if (levels === undefined) return "";
  const measured = levels.source === IntensityLevels_Source.SOURCE_PERCENTILE ? " (measured)" : "";
  return `${levels.black}–${levels.white}${measured}`;
}

function levelsOf({ black = 0, white }: ImportOptions): Asked["levels"] {
  if (white !== undefined) return { black, white };
  if (black !== 0) throw new PssrError("INVALID_FIELD", "--black needs --white beside it");
  return undefined;
}

/** The image of this id, if it is the same file with nothing said of it that differs. */
async function sameImage(context: Context, id: string, sha256: string, asked: Asked): Promise<Image | undefined> {
  const present = await context.client.images
    .getImage({ name: context.name("images", id) }, { signal: context.signal })
    .catch((error: unknown) => {
      if (isPssrError(error, "NOT_FOUND")) return undefined; // it is on its way, or was deleted
      throw error;
    });
  const origin = present?.origin?.kind;
  if (present === undefined || origin?.$case !== "file" || origin.value.sha256 !== sha256) return undefined;
  const { black, white } = asked.levels ?? present.levels!;
  const same = black === present.levels!.black && white === present.levels!.white;
  return same && (asked.pixelSizeNm === 0 || asked.pixelSizeNm === present.pixelSizeNm) ? present : undefined;
}

/** Writes an image to a file; its format follows the file's ending. */
export async function exportImage(context: Context, name: string, file: string): Promise<void> {
  const format = {
    ".png": FileFormat.FILE_FORMAT_PNG,
    ".tif": FileFormat.FILE_FORMAT_TIFF,
    ".tiff": FileFormat.FILE_FORMAT_TIFF,
  }[extname(file).toLowerCase()];
  if (format === undefined)
    throw new PssrError("INVALID_FIELD", `${file}: its ending names no known format; use .png or .tif`);
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
          i.origin?.kind?.$case === "prediction" ? "prediction" : "file",
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
}
