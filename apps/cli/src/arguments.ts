/** Parsers of option values: each names what it got and what it expected. */
import { InvalidArgumentError } from "commander";

export function number(least: number, most: number) {
  return (text: string): number => {
    const value = Number(text);
    if (text.trim() === "" || !Number.isFinite(value) || value < least || value > most)
      throw new InvalidArgumentError(`Expected a number from ${least} to ${most}.`);
    return value;
  };
}

export function integer(least: number, most: number) {
  return (text: string): number => {
    const value = number(least, most)(text);
    if (!Number.isInteger(value)) throw new InvalidArgumentError(`Expected a whole number from ${least} to ${most}.`);
    return value;
  };
}

/** A file that is to be a PNG, and says so. */
export function pngFile(text: string): string {
  if (!/\.png$/i.test(text)) throw new InvalidArgumentError("Expected a file name that ends in .png.");
  return text;
}

/** A file that is to be a picture, and says of which kind. */
export function pictureFile(text: string): string {
  if (!/\.(png|svg)$/i.test(text)) throw new InvalidArgumentError("Expected a file name that ends in .png or .svg.");
  return text;
}

/** "0,12": one plane of a stack, by its number along each axis before y and x. */
export function plane(text: string): number[] {
  const parts = text.split(",").map(Number);
  if (text.trim() === "" || parts.some((n) => !Number.isInteger(n) || n < 0))
    throw new InvalidArgumentError("Expected the plane's number along each axis before y and x, such as 12 or 0,12.");
  return parts;
}

/** "0,128,512,512": y, x, height, width. */
export function region(text: string): [number, number, number, number] {
  const parts = text.split(",").map(Number);
  if (parts.length !== 4 || parts.some((n) => !Number.isInteger(n) || n < 0))
    throw new InvalidArgumentError("Expected Y,X,HEIGHT,WIDTH in whole pixels, such as 0,0,512,512.");
  return parts as [number, number, number, number];
}
