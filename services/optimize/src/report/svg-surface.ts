/** A report as SVG: lines and letters that can be scaled and edited, in one file without anything outside it. */
import { createPixelArray, encodePng } from "@pssr/imaging";
import type { Colour, GreyPicture, Ink, LineStyle, Point, Surface, TextStyle } from "./surface.js";

const anchors = { START: "start", MIDDLE: "middle", END: "end" } as const;

export class SvgSurface implements Surface {
  readonly #elements: string[] = [];
  readonly #head: string;

  constructor(width: number, height: number, background: Colour) {
    this.#head =
      `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" ` +
      `font-family="Helvetica, Arial, 'Liberation Sans', 'DejaVu Sans', sans-serif">`;
    this.#elements.push(`<rect width="${width}" height="${height}" fill="${background}"/>`);
  }

  line(points: readonly Point[], { colour, width, opacity = 1 }: LineStyle): void {
    const look = `fill="none" stroke="${colour}" stroke-width="${short(width)}" stroke-linecap="round" stroke-linejoin="round"`;
    this.#elements.push(`<polyline points="${pointList(points)}" ${look}${opacityOf("stroke", opacity)}/>`);
  }

  area(points: readonly Point[], { colour, opacity = 1 }: Ink): void {
    this.#elements.push(`<polygon points="${pointList(points)}" fill="${colour}"${opacityOf("fill", opacity)}/>`);
  }

  disc({ x, y }: Point, radius: number, { colour, opacity = 1 }: Ink): void {
    const place = `cx="${short(x)}" cy="${short(y)}" r="${short(radius)}"`;
    this.#elements.push(`<circle ${place} fill="${colour}"${opacityOf("fill", opacity)}/>`);
  }

  text({ x, y }: Point, text: string, style: TextStyle): void {
    const attributes = [`x="${short(x)}" y="${short(y)}" font-size="${short(style.size)}" fill="${style.colour}"`];
    if (style.isBold) attributes.push('font-weight="bold"');
    if (style.anchor !== undefined) attributes.push(`text-anchor="${anchors[style.anchor]}"`);
    if (style.isUpright) attributes.push(`transform="rotate(-90 ${short(x)} ${short(y)})"`);
    this.#elements.push(`<text ${attributes.join(" ")}>${escaped(text)}</text>`);
  }

  picture({ x, y }: Point, { height, width, values }: GreyPicture, enlarged: number): void {
    // Not every viewer would leave the pixels sharp if it had to enlarge them itself.
    const [rows, columns] = [height * enlarged, width * enlarged];
    const pixels = Uint8Array.from({ length: rows * columns }, (_, n) => {
      const [row, column] = [Math.floor(n / columns), n % columns];
      return values[Math.floor(row / enlarged) * width + Math.floor(column / enlarged)]!;
    });
    const png = Buffer.from(encodePng(createPixelArray("yx", [rows, columns], pixels))).toString("base64");
    const place = `x="${short(x)}" y="${short(y)}" width="${columns}" height="${rows}"`;
    const look = 'preserveAspectRatio="none" style="image-rendering:pixelated"';
    this.#elements.push(`<image ${place} ${look} href="data:image/png;base64,${png}"/>`);
  }

  /** The file. */
  toString(): string {
    return `<?xml version="1.0" encoding="UTF-8"?>\n${[this.#head, ...this.#elements].join("\n")}\n</svg>\n`;
  }
}

function pointList(points: readonly Point[]): string {
  return points.map(({ x, y }) => `${short(x)},${short(y)}`).join(" ");
}

/** Hundredths of a pixel are enough. */
function short(value: number): string {
  return String(Math.round(value * 100) / 100);
}

function opacityOf(what: "fill" | "stroke", opacity: number): string {
  return opacity === 1 ? "" : ` ${what}-opacity="${short(opacity)}"`;
}

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&apos;",
};

/** Text as XML holds it: what it cannot hold (XML 1.0, section 2.2) becomes U+FFFD. */
function escaped(text: string): string {
  return text
    .replace(/[^\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/gu, "\ufffd")
    .replace(/[&<>"']/g, (letter) => entities[letter]!);
}
