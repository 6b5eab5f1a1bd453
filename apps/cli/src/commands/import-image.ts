/**
 * Makes a file an image. An image that is there already is the same where it was made of the same bytes and nothing that is
 * said of it differs; then nothing is sent, and nothing made twice.
 */
import { createHash, randomUUID } from "node:crypto";
import { basename, extname } from "node:path";
import { Image, idFrom, isPssrError, PssrError } from "@pssr/api";
import { digestOfFile, uploadFile, watchOperation } from "@pssr/client";
import type { Context } from "../context.js";

/** What a caller may say of an image. */
export interface ImportOptions {
  id?: string | undefined;
  black?: number;
  white?: number;
  pixelSize?: number;
}

/** A file, and what is said of it. */
interface Source {
  file: string;
  sha256: string;
  levels: { black: number; white: number } | undefined;
  /** 0: nothing is said. */
  pixelSizeNm: number;
}

/** The file's image under the id chosen, else the one that its name gives. ALREADY_EXISTS where that is another image. */
export async function importImage(context: Context, file: string, options: ImportOptions): Promise<Image> {
  const source = await sourceOf(context, file, options);
  return importAs(context, options.id ?? idOf(source), source, "--id");
}

/**
 * The file's image as something is to be made of it: as `importImage`, but where no id is chosen and its name's is that of
 * another image, it gets one that adds a digest of all that is known of it. So it finds it again the next time.
 */
export async function importInput(context: Context, file: string, options: ImportOptions): Promise<Image> {
  const source = await sourceOf(context, file, options);
  const id = options.id ?? idOf(source);
  try {
    return await importAs(context, id, source, "--input-id");
  } catch (error) {
    if (options.id !== undefined || !isPssrError(error, "ALREADY_EXISTS")) throw error;
    const own = `${id.slice(0, 50)}-${digestOfAll(source)}`;
    const image = await importAs(context, own, source, "--input-id");
    context.output.note(`${file} is the image ${own}, as ${id} is another`);
    return image;
  }
}

/** Of the file's name; of its content where the name holds no letter of a to z and no digit. */
function idOf({ file, sha256 }: Source): string {
  return idFrom(basename(file, extname(file))) || `image-${sha256.slice(0, 12)}`;
}

async function sourceOf(context: Context, file: string, options: ImportOptions): Promise<Source> {
  const { black = 0, white, pixelSize = 0 } = options;
  if (white === undefined && black !== 0) throw new PssrError("INVALID_FIELD", "--black needs --white beside it");
  const sha256 = await digestOfFile(file, context);
  return { file, sha256, levels: white === undefined ? undefined : { black, white }, pixelSizeNm: pixelSize };
}

/** Of the bytes and of what is said of them: what makes another image of the same file. */
function digestOfAll({ sha256, levels, pixelSizeNm }: Source): string {
  return createHash("sha256")
    .update(JSON.stringify([sha256, levels ?? null, pixelSizeNm]))
    .digest("hex")
    .slice(0, 12);
}

async function importAs(context: Context, id: string, source: Source, option: string): Promise<Image> {
  const present = await imageOf(context, id);
  if (present !== undefined) return same(present, id, source, option);
  try {
    return await make(context, id, source);
  } catch (error) {
    // Commands that meet one file share its upload, and the first one's import uses it up.
    if (!isPssrError(error, "ALREADY_EXISTS") && !isPssrError(error, "NOT_FOUND")) throw error;
    const made = await madeMeanwhile(context, id);
    if (made === undefined) throw error;
    return same(made, id, source, option);
  }
}

/** Sends the file and waits until it is an image. */
async function make(context: Context, id: string, { file, sha256, levels, pixelSizeNm }: Source): Promise<Image> {
  const { client, parent, signal, output } = context;
  const label = basename(file);
  const upload = await uploadFile(client, file, {
    parent,
    signal,
    requestKey: id,
    sha256,
    onProgress: (sent, total) =>
      output.progress.show(label, {
        phase: "uploading",
        done: BigInt(sent),
        total: BigInt(total),
        unit: "bytes",
        fraction: sent / total,
        remaining: undefined,
        warning: "",
        details: undefined,
      }),
  });
  const image = { levels, pixelSizeNm };
  const request = { parent, imageId: id, upload: upload.name, image, requestId: randomUUID() };
  return await context.finish(await client.images.createImage(request, { signal }), Image, label);
}

async function imageOf(context: Context, id: string): Promise<Image | undefined> {
  try {
    return await context.client.images.getImage({ name: context.name("images", id) }, { signal: context.signal });
  } catch (error) {
    if (isPssrError(error, "NOT_FOUND")) return undefined;
    throw error;
  }
}

/** The image that somebody else's import, begun while ours was, makes; undefined where it makes none. */
async function madeMeanwhile(context: Context, id: string): Promise<Image | undefined> {
  const name = context.name("operations", `image-${id}`);
  try {
    for await (const { operation } of watchOperation(context.client, name, { signal: context.signal }))
      if (operation.done) break;
  } catch (error) {
    if (!isPssrError(error, "NOT_FOUND")) throw error; // a prediction has the id, or nobody any more
  }
  return imageOf(context, id);
}

/** The image that is there, where it is what is asked for. ALREADY_EXISTS says in what it is not. */
function same(present: Image, id: string, { file, sha256, ...asked }: Source, option: string): Image {
  const origin = present.origin?.kind;
  if (origin?.$case !== "file" || origin.value.sha256 !== sha256)
    throw new PssrError(
      "ALREADY_EXISTS",
      `the image ${id} is there already, and was not made of ${file} as it is now; choose another id with ${option}`,
    );
  const { black, white } = present.levels ?? { black: 0, white: 0 };
  const { levels = { black, white }, pixelSizeNm = 0 } = asked;
  const differs =
    levels.black !== black || levels.white !== white || (pixelSizeNm !== 0 && pixelSizeNm !== present.pixelSizeNm);
  if (!differs) return present;
  throw new PssrError(
    "ALREADY_EXISTS",
    `the image ${id} was made of ${file} already, but with black ${black}, white ${white} and ${present.pixelSizeNm || "unknown"} nm a pixel; say the same, or nothing, of it, or choose another id with ${option}`,
  );
}
