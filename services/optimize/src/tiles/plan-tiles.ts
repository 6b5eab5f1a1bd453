/** Which tiles a fit works on: those it is fitted to, those held back, and those that measure a detector. */
import { PssrError } from "@pssr/api";
import { bytesPerPixel } from "@pssr/imaging";
import { type DarkPlace, framesOf } from "../closed-forms/dark-frames.js";
import { type FitImages, planesOf, type SourceImage } from "../fits/source-images.js";
import { FEWEST_HELD_OUT } from "../fitting/goodness.js";
import { refuse, unsuitable } from "../refuse.js";
import { divide, spreadTiles, type TilePlace, tilesIn } from "./spread-tiles.js";

/** A square of one plane of an image. */
export interface Tile {
  readonly image: SourceImage;
  readonly plane: number;
  readonly top: number;
  readonly left: number;
  readonly side: number;
  /** Pixels around it that are degraded with it: what blur and sampling reach for is there, as it was when the real tile was taken. */
  readonly halo: Halo;
}

export interface Halo {
  readonly top: number;
  readonly left: number;
  readonly bottom: number;
  readonly right: number;
}

/** Of pairs the two have the same fields in the same order; else any number of tiles each. */
export interface TilePlan {
  readonly low: readonly Tile[];
  readonly high: readonly Tile[];
}

export interface FitTiles {
  readonly fitted: TilePlan;
  readonly heldOut: TilePlan;
  readonly scans: readonly { first: Tile; second: Tile }[];
  readonly darkFrames: readonly DarkPlace<Tile>[];
}

export interface TileWishes {
  scale: number;
  /** Tiles that are fitted to. */
  tiles: number;
  /** Side of a high-resolution tile. */
  side: number;
  seed: number;
}

/** Of a high-resolution tile, where the image goes on: three deviations of the blur that most microscopes have. */
const usualHalo = 32;
const noHalo: Halo = { top: 0, left: 0, bottom: 0, right: 0 };
const leastSide = 64;
const mostSide = 1024;
const usualSide = 512;
/** But not smaller than this where nothing else is said: blur and rows need room. */
const leastUsualSide = 128;
/** For each so many tiles that are fitted to, one is held back. */
const perHeldOut = 3;
/** For so many tiles they are made smaller: of fewer, too few are held back to tell how well a fit agrees. */
const enoughTiles = Math.ceil((perHeldOut + 1) * (FEWEST_HELD_OUT - 0.5));
/** Of images of a detector less than this tells nothing. */
const leastDetectorSide = 32;

/** What a request leaves open: the largest tiles that all images have, smaller where that gives more than a few. */
export function usualTileSide(images: FitImages, scale: number): number {
  const largest = largestSide(images, scale);
  const whole = (side: number) => Math.floor(side / scale) * scale;
  const sides = [usualSide, 384, 256, 192, leastUsualSide].map((side) => whole(Math.min(side, largest)));
  if (images.pairs.length + images.low.length === 0) return sides[0]!;
  const roomy = sides.find((side) => side >= leastSide && available(images, scale, side) >= enoughTiles);
  if (roomy !== undefined) return roomy;
  // As many as can be.
  return Math.max(whole(Math.min(leastUsualSide, largest)), Math.ceil(leastSide / scale) * scale);
}

/** Throws UNSUITABLE_IMAGES where there are too few tiles, or none. */
export function planTiles(images: FitImages, wishes: TileWishes): FitTiles {
  const detector = {
    scans: planScans(images, wishes),
    darkFrames: planDarkFrames(images, wishes),
  };
  if (images.pairs.length > 0) return { ...planPairs(images, wishes), ...detector };
  if (images.low.length > 0) return { ...planUnpaired(images, wishes), ...detector };
  const none = { low: [], high: [] };
  return { fitted: none, heldOut: none, ...detector };
}

/** Bytes of the pixels of all tiles. */
export function bytesOf({ fitted, heldOut, scans, darkFrames }: FitTiles): number {
  const both = scans.flatMap(({ first, second }) => [first, second]);
  const all = [fitted.low, fitted.high, heldOut.low, heldOut.high, both, framesOf(darkFrames)].flat();
  const pixelsOf = ({ side, halo }: Tile) => (side + halo.top + halo.bottom) * (side + halo.left + halo.right);
  return all.reduce((sum, tile) => sum + pixelsOf(tile) * bytesPerPixel[tile.image.dtype], 0);
}

/** Places are divided, not tiles: what is held back of a field that was scanned several times is in no scan fitted to. */
function planPairs(images: FitImages, { scale, tiles, side, seed }: TileWishes) {
  const lowSide = side / scale;
  const fields = fieldsOf(images);
  const low = fields.map(({ lows }) => planesOf(lows[0]!));
  const shares = divided(tilesIn(low, lowSide), tiles, side, fields[0]!.high.field);
  const places = spreadTiles(low, lowSide, shares.fitted + shares.heldOut, seed);
  const [fitted, heldOut] = divide(places, shares.fitted, seed + 1);
  const planned = (chosen: readonly TilePlace[], most: number): TilePlan => {
    const scanned = scansOf(chosen, fields, most);
    return {
      low: scanned.map(({ place, image }) => tileAt(image, place, lowSide)),
      high: scanned.map(({ place }) => {
        const scaled = { ...place, top: place.top * scale, left: place.left * scale };
        return withHalo(tileAt(fields[place.image]!.high, scaled, side), scale);
      }),
    };
  };
  return { fitted: planned(fitted, tiles), heldOut: planned(heldOut, heldOutOf(tiles)) };
}

/** A high-resolution image, and the low-resolution ones of the same field. */
interface Field {
  high: SourceImage;
  lows: SourceImage[];
}

function fieldsOf({ pairs }: FitImages): Field[] {
  const fields = new Map<string, Field>();
  for (const { high, low } of pairs) {
    const known = fields.get(high.name);
    if (known === undefined) fields.set(high.name, { high, lows: [low] });
    else known.lows.push(low);
  }
  return [...fields.values()];
}

/** At most so many tiles: each place in one scan, the scans of a field in turns, and in others too where places are few. */
function scansOf(places: readonly TilePlace[], fields: readonly Field[], most: number) {
  const scanned: { place: TilePlace; image: SourceImage }[] = [];
  const turns = Math.max(...fields.map(({ lows }) => lows.length));
  for (let turn = 0; turn < turns; turn++) {
    const next = fields.map(() => turn);
    for (const place of places) {
      const { lows } = fields[place.image]!;
      const scan = next[place.image]!++ % lows.length;
      if (turn < lows.length && scanned.length < most) scanned.push({ place, image: lows[scan]! });
    }
  }
  return scanned;
}

function planUnpaired({ low, high }: FitImages, { scale, tiles, side, seed }: TileWishes) {
  const cut = (images: readonly SourceImage[], ownSide: number) => {
    const shares = divided(tilesIn(images.map(planesOf), ownSide), tiles, ownSide, images[0]!.field);
    return divide(spread(images, ownSide, shares.fitted + shares.heldOut, seed), shares.fitted, seed + 1);
  };
  const [lowFitted, lowHeldOut] = cut(low, side / scale);
  const [highFitted, highHeldOut] = cut(high, side);
  const around = (tiles: readonly Tile[]) => tiles.map((tile) => withHalo(tile, scale));
  return {
    fitted: { low: lowFitted, high: around(highFitted) },
    heldOut: { low: lowHeldOut, high: around(highHeldOut) },
  };
}

/** How many tiles are fitted to and how many are held back: as wished, or three quarters and a quarter of what there is. */
function divided(there: number, wished: number, side: number, field: string): { fitted: number; heldOut: number } {
  const heldOut = heldOutOf(wished);
  if (there >= wished + heldOut) return { fitted: wished, heldOut };
  if (there < 2) {
    const problem = `the images have ${there} ${there === 1 ? "tile" : "tiles"} of ${side}×${side}; two are needed, one to fit to and one to be held back: give larger images, or a smaller tile_size`;
    throw new PssrError("UNSUITABLE_IMAGES", `${field}: ${problem}`, { field });
  }
  const kept = Math.max(1, Math.round(there / (perHeldOut + 1)));
  return { fitted: there - kept, heldOut: kept };
}

function heldOutOf(fitted: number): number {
  return Math.ceil(fitted / perHeldOut);
}

function planScans({ scans }: FitImages, wishes: TileWishes): { first: Tile; second: Tile }[] {
  const first = scans.map((scan) => scan.first);
  const side = detectorSide(first, wishes);
  return spreadTiles(first.map(planesOf), side, wishes.tiles, wishes.seed).map((place) => {
    const scan = scans[place.image]!;
    return { first: tileAt(scan.first, place, side), second: tileAt(scan.second, place, side) };
  });
}

/**
 * The same places of all frames, in twos, for what differs between two places is no noise. Planes are frames of their own, and those
 * that follow each other are taken together: they are nearest in time. Places in turns, and the frames in turns over them.
 */
function planDarkFrames({ darkFrames }: FitImages, wishes: TileWishes): DarkPlace<Tile>[] {
  const [image] = darkFrames;
  if (image === undefined) return [];
  const side = detectorSide(darkFrames, wishes);
  const other = darkFrames.find((frame) => frame.shape.slice(-2).join() !== image.shape.slice(-2).join());
  if (other !== undefined) {
    const problem = `${other.field} of ${other.shape.join("×")} and ${image.field} of ${image.shape.join("×")} are no frames of one detector, pixel by pixel; give frames of the same size`;
    throw new PssrError("SHAPE_MISMATCH", problem, { field: other.field });
  }
  const frames = darkFrames.flatMap((frame) =>
    Array.from({ length: planesOf(frame).planes }, (_, plane) => ({ image: frame, plane })),
  );
  const isSingle = frames.length === 1;
  const most = isSingle ? wishes.tiles : Math.max(1, wishes.tiles >> 1);
  const places = spreadTiles([{ ...planesOf(image), planes: 1 }], side, most, wishes.seed);
  const at = (place: TilePlace, n: number) => {
    const frame = frames[n % frames.length]!;
    return tileAt(frame.image, { ...place, plane: frame.plane }, side);
  };
  if (isSingle) return places.map((place) => ({ first: at(place, 0) }));
  const pairs = frames.length >> 1;
  const turns = Array.from({ length: pairs }, (_, turn) =>
    places.map((place, p) => {
      const n = 2 * ((turn + p) % pairs) + p;
      return { first: at(place, n), second: at(place, n + 1) };
    }),
  );
  return turns.flat().slice(0, most);
}

function detectorSide(images: readonly SourceImage[], { side }: TileWishes): number {
  const smallest = images.reduce((least, image) => Math.min(least, smallerSide(image)), side);
  const small = images.find((image) => smallerSide(image) < leastDetectorSide);
  if (small === undefined) return smallest;
  const problem = `${small.shape.join("×")} pixels tell too little of a detector; give images of at least ${leastDetectorSide}×${leastDetectorSide}`;
  throw unsuitable(small.field, problem);
}

/** Tiles of images of any kind, or of none. */
function spread(images: readonly SourceImage[], side: number, count: number, seed: number): Tile[] {
  return spreadTiles(images.map(planesOf), side, count, seed).map((place) => tileAt(images[place.image]!, place, side));
}

function tileAt(image: SourceImage, { plane, top, left }: TilePlace, side: number): Tile {
  return { image, plane, top, left, side, halo: noHalo };
}

/** As far as the image goes, in whole low-resolution pixels. */
function withHalo(tile: Tile, scale: number): Tile {
  const [height, width] = tile.image.shape.slice(-2) as [number, number];
  const upTo = (there: number) => scale * Math.min(Math.ceil(usualHalo / scale), Math.floor(there / scale));
  const { top, left, side } = tile;
  const halo = {
    top: upTo(top),
    left: upTo(left),
    bottom: upTo(height - top - side),
    right: upTo(width - left - side),
  };
  return { ...tile, halo };
}

/** The largest side of a high-resolution tile that fits every image; those of a detector have tiles of their own. Throws UNSUITABLE_IMAGES where it is too small. */
function largestSide({ pairs, low, high }: FitImages, scale: number): number {
  const inHigh = [
    ...pairs.map((pair) => ({ image: pair.low, factor: scale })),
    ...low.map((image) => ({ image, factor: scale })),
    ...high.map((image) => ({ image, factor: 1 })),
  ];
  let largest = mostSide;
  for (const { image, factor } of inHigh) {
    const side = Math.floor((smallerSide(image) * factor) / scale) * scale;
    if (side < leastSide) {
      const problem = `${image.shape.join("×")} pixels have no room for a tile of ${leastSide} high-resolution pixels; give larger images`;
      throw new PssrError("UNSUITABLE_IMAGES", `${image.field}: ${problem}`, { field: image.field });
    }
    largest = Math.min(largest, side);
  }
  return largest;
}

/** Throws INVALID_FIELD for a side that the caller has chosen and that does not do. */
export function checkTileSide(side: number, images: FitImages, scale: number, field: string): void {
  const isOne = Number.isInteger(side) && side >= leastSide && side <= mostSide && side % scale === 0;
  if (!isOne) {
    throw refuse(field, `${side} is none; give ${leastSide} to ${mostSide}, a multiple of the scale ${scale}`);
  }
  const largest = largestSide(images, scale);
  if (side > largest) throw refuse(field, `${side} is larger than the smallest image; give at most ${largest}`);
}

/** Places for tiles. */
function available(images: FitImages, scale: number, side: number): number {
  const { pairs, low, high } = images;
  const lows = pairs.length > 0 ? fieldsOf(images).map((field) => field.lows[0]!) : low;
  const ofLow = tilesIn(lows.map(planesOf), side / scale);
  return pairs.length > 0 ? ofLow : Math.min(ofLow, tilesIn(high.map(planesOf), side));
}

function smallerSide({ shape }: SourceImage): number {
  return Math.min(shape.at(-2)!, shape.at(-1)!);
}
