/** Whether somebody has taken --low for --high: asked before any file is sent, of sizes alone. */
import { isPssrError } from "@pssr/api";
import type { Context } from "../context.js";
import { type PictureSize, pictureSize } from "./picture-size.js";

/** An image that is there, or a file. */
interface Pictured {
  file?: string;
  name?: string;
}

/** Whether these pairs would fit the other way round: each low image larger than its high one by one whole factor. */
export async function arePairsSwapped(
  context: Context,
  couples: readonly { low: Pictured; high: Pictured }[],
): Promise<boolean> {
  let factor: number | undefined;
  for (const couple of couples) {
    const [low, high] = await Promise.all([sizeOf(context, couple.low), sizeOf(context, couple.high)]);
    if (low === undefined || high === undefined) return false;
    factor ??= low.height / high.height;
    const fits = low.height === factor * high.height && low.width === factor * high.width;
    if (!fits || factor < 2 || !Number.isInteger(factor)) return false;
  }
  return couples.length > 0;
}

/** Whether each high image has fewer rows and fewer columns than each low one; that may be meant where they show different fields. */
export async function areHighSmaller(
  context: Context,
  low: readonly Pictured[],
  high: readonly Pictured[],
): Promise<boolean> {
  const largest: PictureSize = { height: 0, width: 0 };
  const first = low[0] && (await sizeOf(context, low[0]));
  for (const one of high) {
    const size = await sizeOf(context, one);
    // Mostly that is known after one look at each.
    if (size === undefined || first === undefined || !isSmaller(size, first)) return false;
    largest.height = Math.max(largest.height, size.height);
    largest.width = Math.max(largest.width, size.width);
  }
  for (const one of low.slice(1)) {
    const size = await sizeOf(context, one);
    if (size === undefined || !isSmaller(largest, size)) return false;
  }
  return high.length > 0;
}

function isSmaller(one: PictureSize, other: PictureSize): boolean {
  return one.height < other.height && one.width < other.width;
}

/** Undefined where it is not known here; who works with the image says why. */
async function sizeOf({ client, signal }: Context, { file, name }: Pictured): Promise<PictureSize | undefined> {
  if (file !== undefined) return pictureSize(file);
  try {
    const { shape } = await client.images.getImage({ name: name! }, { signal });
    return { height: Number(shape.at(-2)!), width: Number(shape.at(-1)!) };
  } catch (error) {
    if (isPssrError(error, "NOT_FOUND")) return undefined;
    throw error;
  }
}
