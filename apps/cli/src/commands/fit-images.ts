/**
 * The images of a fit as a person names them: by id, as files, as folders, or as all whose ids begin alike. Files are taken in first.
 *
 *     --paired --low 'fast-*' --high 'slow-*'      fast-07 and slow-07 show one field
 *     --paired --low fast/ --high slow/            so do fast/07.tif and slow/07.png
 *     --low fast/ --high slow-01.tif slow-02       the same kind of sample
 */
import { readdir } from "node:fs/promises";
import { basename, extname, join } from "node:path";
import { imageName, PssrError } from "@pssr/api";
import type { Context } from "../context.js";
import { counted } from "../terminal/counted.js";
import { matchingImages } from "./images.js";
import { type ImportOptions, importInput } from "./import-image.js";
import { areHighSmaller, arePairsSwapped } from "./swapped.js";

export interface FitImageOptions extends Omit<ImportOptions, "id"> {
  paired?: boolean;
  low?: string[];
  high?: string[];
  scans?: string[];
  dark?: string[];
}

export interface FitImageNames {
  pairs: { low: string; high: string }[];
  unpaired: { low: string[]; high: string[] } | undefined;
  detectorImages: { scans: { first: string; second: string }[]; darkFrames: string[] } | undefined;
}

/** One image, which may still be a file. */
interface Source {
  /** File of the image; undefined: it is there already. */
  file?: string;
  name?: string;
  /** What it is called among those of its folder or pattern. */
  key: string;
}

/** What one option names; `isSet` where folders and patterns stand for images, which pairs find each other in by their keys. */
interface Named {
  sources: Source[];
  isSet: boolean;
}

/** The names of all images of a fit. INVALID_FIELD for what cannot be meant, before any file is taken in. */
export async function fitImages(context: Context, options: FitImageOptions): Promise<FitImageNames> {
  const { paired = false, low, high, scans, dark } = options;
  if ((low === undefined) !== (high === undefined)) {
    const [there, missing] = low === undefined ? ["--high", "--low"] : ["--low", "--high"];
    throw wrong(`${there} needs ${missing} beside it: a fit compares the two`);
  }
  if (low === undefined && scans === undefined && dark === undefined) {
    throw wrong("there are no images; give --low and --high, or images of the detector: --scans, --dark");
  }
  if (paired && low === undefined) throw wrong("--paired says how --low and --high belong together: give both");
  const [lows, highs, both, darkFrames] = await Promise.all(
    [low, high, scans, dark].map((words) => named(context, words ?? [])),
  );
  if (both!.sources.length % 2 === 1) {
    throw wrong(`--scans takes two images of one field, or four of two fields …; there are ${both!.sources.length}`);
  }
  const couples = paired ? coupled(lows!, highs!) : undefined;
  await askWhetherSwapped(context, couples, lows!.sources, highs!.sources);
  const take = taker(context, options);
  // Those of high resolution first: they are what a network will learn from, and keep the names of their files.
  const highNames = await take(couples?.map((couple) => couple.high) ?? highs!.sources);
  const lowNames = await take(couples?.map((couple) => couple.low) ?? lows!.sources);
  const scanNames = await take(both!.sources);
  const darkNames = await take(darkFrames!.sources);
  const isDetector = scanNames.length + darkNames.length > 0;
  return {
    pairs: paired ? lowNames.map((name, n) => ({ low: name, high: highNames[n]! })) : [],
    unpaired: paired || low === undefined ? undefined : { low: lowNames, high: highNames },
    detectorImages: isDetector ? { scans: inTwos(scanNames), darkFrames: darkNames } : undefined,
  };
}

/** Pairs that would fit the other way round are refused; images of different fields may have any size. */
async function askWhetherSwapped(
  context: Context,
  couples: { low: Source; high: Source }[] | undefined,
  lows: readonly Source[],
  highs: readonly Source[],
): Promise<void> {
  if (couples !== undefined && (await arePairsSwapped(context, couples))) {
    throw wrong("each image of --low is larger than its one of --high: are --low and --high swapped?");
  }
  if (couples === undefined && (await areHighSmaller(context, lows, highs))) {
    context.output.note("each image of --high is smaller than those of --low: are --low and --high swapped?");
  }
}

/** Which low image belongs to which high one: of folders and patterns those of one name, else one by one. */
function coupled(low: Named, high: Named): { low: Source; high: Source }[] {
  if (!low.isSet || !high.isSet) {
    if (low.sources.length === high.sources.length) {
      return low.sources.map((source, n) => ({ low: source, high: high.sources[n]! }));
    }
    const counts = `${counted(low.sources.length, "image")} of --low, ${high.sources.length} of --high`;
    throw wrong(`--paired: give one image of high resolution for each of low resolution: there are ${counts}`);
  }
  const byKey = new Map(high.sources.map((source) => [source.key, source]));
  return low.sources.map((source) => {
    const its = byKey.get(source.key);
    if (its !== undefined) return { low: source, high: its };
    const what = source.file ?? source.name;
    throw wrong(
      `--paired: ${what} finds no "${source.key}" among those of --high; files need one name, and patterns the same where * stands`,
    );
  });
}

async function named(context: Context, words: readonly string[]): Promise<Named> {
  const found = await Promise.all(words.map((word) => sourcesOf(context, word)));
  return {
    sources: found.flatMap(({ sources }) => sources),
    isSet: found.length > 0 && found.every((one) => one.isSet),
  };
}

async function sourcesOf(context: Context, word: string): Promise<Named> {
  if (isFile(word)) return { sources: [{ file: word, key: keyOf(word) }], isSet: false };
  if (word.endsWith("*")) {
    const names = await matchingImages(context, [word]);
    const keyed = names.map((name) => ({ name, key: imageName.parse(name).image.slice(word.length - 1) }));
    return { sources: keyed, isSet: true };
  }
  // An id has no slash.
  if (word.startsWith("projects/") || !/[/\\]/.test(word)) {
    const name = context.name("images", word);
    return { sources: [{ name, key: imageName.parse(name).image }], isSet: false };
  }
  const files = (await readdir(word)).filter(isFile).sort();
  if (files.length === 0) throw wrong(`${word}: there is no PNG or TIFF file in this folder`);
  return { sources: files.map((file) => ({ file: join(word, file), key: keyOf(file) })), isSet: true };
}

/** An id has no dot. */
function isFile(word: string): boolean {
  return /\.(png|tiff?)$/i.test(word);
}

function keyOf(file: string): string {
  return basename(file, extname(file));
}

/** Gives the names of images, one after the other; each file is taken in once. */
function taker(context: Context, { black, white, pixelSize }: FitImageOptions) {
  const known = new Map<string, string>();
  const take = async ({ file, name }: Source): Promise<string> => {
    if (file === undefined) return name!;
    const present = known.get(file) ?? (await importInput(context, file, { black, white, pixelSize })).name;
    known.set(file, present);
    return present;
  };
  return async (sources: readonly Source[]): Promise<string[]> => {
    const names: string[] = [];
    for (const source of sources) names.push(await take(source));
    return names;
  };
}

function inTwos(names: readonly string[]): { first: string; second: string }[] {
  return Array.from({ length: names.length / 2 }, (_, n) => ({ first: names[2 * n]!, second: names[2 * n + 1]! }));
}

function wrong(problem: string): PssrError {
  return new PssrError("INVALID_FIELD", problem);
}
