/** A report as pixels in colours. Edges are smooth: a pixel takes as much of a colour as the shape covers of it. */
import type { RgbPixels } from "@pssr/imaging";
import { textStrokes, textWidth } from "./stroke-font.js";
import type { Colour, GreyPicture, Ink, LineStyle, Point, Surface, TextStyle } from "./surface.js";

/** Width of the pen that letters are written with, of their size. */
const PEN = 0.082;
const BOLD_PEN = 0.125;
/** Lines of a pixel row along which areas are measured. */
const SCAN_LINES = 5;

export class RasterSurface implements Surface {
  readonly pixels: RgbPixels;
  /** How much the shape that is being drawn covers of each pixel; zeros in between. */
  readonly #coverage: Float32Array;
  /** Where it is not zero: the first pixels, and those behind the last. */
  #touched = { left: Number.POSITIVE_INFINITY, top: Number.POSITIVE_INFINITY, right: 0, bottom: 0 };

  constructor(width: number, height: number, background: Colour) {
    this.pixels = { height, width, data: new Uint8Array(3 * width * height) };
    this.#coverage = new Float32Array(width * height);
    const colour = channels(background);
    for (let i = 0; i < this.pixels.data.length; i++) this.pixels.data[i] = colour[i % 3]!;
  }

  line(points: readonly Point[], style: LineStyle): void {
    this.#coverLine(points, style.width);
    this.#fill(style);
  }

  area(points: readonly Point[], ink: Ink): void {
    const { width, height } = this.pixels;
    const top = Math.max(0, Math.floor(Math.min(...points.map(({ y }) => y))));
    const bottom = Math.min(height, Math.ceil(Math.max(...points.map(({ y }) => y))));
    for (let scan = top * SCAN_LINES; scan < bottom * SCAN_LINES; scan++) {
      const crossings = crossingsAt((scan + 0.5) / SCAN_LINES, points);
      const row = Math.floor(scan / SCAN_LINES);
      for (let n = 0; n + 1 < crossings.length; n += 2) {
        const [from, to] = [Math.max(0, crossings[n]!), Math.min(width, crossings[n + 1]!)];
        const [left, right] = [Math.floor(from), Math.ceil(to)];
        for (let x = left; x < right; x++) {
          this.#coverage[row * width + x]! += (Math.min(to, x + 1) - Math.max(from, x)) / SCAN_LINES;
        }
        if (right > left) this.#touch(left, row, right, row + 1);
      }
    }
    this.#fill(ink);
  }

  disc(centre: Point, radius: number, ink: Ink): void {
    this.#coverLine([centre, centre], 2 * radius);
    this.#fill(ink);
  }

  text({ x, y }: Point, text: string, { size, colour, isBold, anchor, isUpright }: TextStyle): void {
    const before = anchor === "END" ? 1 : anchor === "MIDDLE" ? 0.5 : 0;
    const start = -before * textWidth(text, size);
    // Strokes on the line that letters stand on lie in the middle of a pixel.
    const [originX, originY] = isUpright ? [Math.round(x) - 0.5, y] : [x, Math.round(y) - 0.5];
    for (const stroke of textStrokes(text, size)) {
      const points = stroke.map((point) =>
        isUpright
          ? { x: originX + point.y, y: originY - start - point.x }
          : { x: originX + start + point.x, y: originY + point.y },
      );
      this.#coverLine(points, size * (isBold ? BOLD_PEN : PEN));
    }
    this.#fill({ colour });
  }

  picture({ x, y }: Point, { height, width, values }: GreyPicture, enlarged: number): void {
    const [left, top] = [Math.round(x), Math.round(y)];
    for (let row = 0; row < height * enlarged; row++) {
      for (let column = 0; column < width * enlarged; column++) {
        const value = values[Math.floor(row / enlarged) * width + Math.floor(column / enlarged)]!;
        const at = 3 * ((top + row) * this.pixels.width + left + column);
        this.pixels.data.fill(value, at, at + 3);
      }
    }
  }

  /** Covers what a round pen covers on its way from point to point. */
  #coverLine(points: readonly Point[], penWidth: number): void {
    const { width, height } = this.pixels;
    const reach = penWidth / 2 + 0.5;
    // A pen that is finer than a pixel covers no pixel wholly.
    const most = Math.min(1, penWidth);
    for (let n = 1; n < points.length; n++) {
      const [a, b] = [points[n - 1]!, points[n]!];
      const [dx, dy] = [b.x - a.x, b.y - a.y];
      const square = dx * dx + dy * dy;
      const left = Math.max(0, Math.floor(Math.min(a.x, b.x) - reach));
      const right = Math.min(width, Math.ceil(Math.max(a.x, b.x) + reach));
      const top = Math.max(0, Math.floor(Math.min(a.y, b.y) - reach));
      const bottom = Math.min(height, Math.ceil(Math.max(a.y, b.y) + reach));
      for (let y = top; y < bottom; y++) {
        for (let x = left; x < right; x++) {
          const [toX, toY] = [x + 0.5 - a.x, y + 0.5 - a.y];
          const along = square === 0 ? 0 : Math.min(1, Math.max(0, (toX * dx + toY * dy) / square));
          const covered = Math.min(most, reach - Math.hypot(toX - along * dx, toY - along * dy));
          const at = y * width + x;
          if (covered > this.#coverage[at]!) this.#coverage[at] = covered;
        }
      }
      if (right > left && bottom > top) this.#touch(left, top, right, bottom);
    }
  }

  #touch(left: number, top: number, right: number, bottom: number): void {
    const touched = this.#touched;
    touched.left = Math.min(touched.left, left);
    touched.top = Math.min(touched.top, top);
    touched.right = Math.max(touched.right, right);
    touched.bottom = Math.max(touched.bottom, bottom);
  }

  /** Colours what is covered, and begins anew. */
  #fill({ colour, opacity = 1 }: Ink): void {
    const { width, data } = this.pixels;
    const paint = channels(colour);
    const { left, top, right, bottom } = this.#touched;
    for (let y = top; y < bottom; y++) {
      for (let at = y * width + left; at < y * width + right; at++) {
        const share = Math.min(1, this.#coverage[at]!) * opacity;
        if (share === 0) continue;
        this.#coverage[at] = 0;
        for (let c = 0; c < 3; c++) {
          const under = data[3 * at + c]!;
          data[3 * at + c] = Math.round(under + share * (paint[c]! - under));
        }
      }
    }
    this.#touched = { left: Number.POSITIVE_INFINITY, top: Number.POSITIVE_INFINITY, right: 0, bottom: 0 };
  }
}

/** Where a horizontal line crosses the outline of an area, from left to right. */
function crossingsAt(y: number, points: readonly Point[]): number[] {
  const crossings: number[] = [];
  points.forEach((a, n) => {
    const b = points[(n + 1) % points.length]!;
    if (a.y <= y !== b.y <= y) crossings.push(a.x + ((y - a.y) / (b.y - a.y)) * (b.x - a.x));
  });
  return crossings.sort((one, other) => one - other);
}

function channels(colour: Colour): [red: number, green: number, blue: number] {
  const value = Number.parseInt(colour.slice(1), 16);
  return [value >> 16, (value >> 8) & 255, value & 255];
}
