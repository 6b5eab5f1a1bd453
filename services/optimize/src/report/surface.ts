/**
 * What a report is drawn on: lines, areas, letters and grey pictures, in pixels from the top left. What is drawn later lies on
 * top. Whatever is drawn must lie within the surface: axes are chosen so that it does.
 */
export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface Box {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** "#rrggbb" */
export type Colour = `#${string}`;

export interface Ink {
  readonly colour: Colour;
  /** 0 to 1; default 1. */
  readonly opacity?: number;
}

export interface LineStyle extends Ink {
  /** Pixels. */
  readonly width: number;
}

export interface TextStyle {
  /** Height of a line's letters from top to bottom in pixels: capitals have 0.7 of it. */
  readonly size: number;
  readonly colour: Colour;
  readonly isBold?: boolean;
  /** Which part of the text stands at its place; default START. */
  readonly anchor?: "START" | "MIDDLE" | "END";
  /** From bottom to top instead of from left to right. */
  readonly isUpright?: boolean;
}

/** Grey values from 0 (black) to 255, row by row. */
export interface GreyPicture {
  readonly height: number;
  readonly width: number;
  readonly values: Uint8Array;
}

export interface Surface {
  /** Straight lines from point to point, with round ends and corners. */
  line(points: readonly Point[], style: LineStyle): void;
  /** Fills what the points enclose. */
  area(points: readonly Point[], ink: Ink): void;
  disc(centre: Point, radius: number, ink: Ink): void;
  /** @param at The place of the text's anchor, on the line that letters stand on. */
  text(at: Point, text: string, style: TextStyle): void;
  /** Each value as a square of `enlarged` × `enlarged` pixels. */
  picture(topLeft: Point, picture: GreyPicture, enlarged: number): void;
}
