/** A plot: a frame with two axes, and curves and marks within it. Points that an axis cannot show are left out. */
import type { Axis } from "./axis.js";
import { drawMark, type Mark } from "./marks.js";
import { palette } from "./palette.js";
import { textWidth } from "./stroke-font.js";
import type { Box, Ink, LineStyle, Point, Surface } from "./surface.js";

/** What is plotted: a number along x and one along y. */
export type Pair = readonly [x: number, y: number];

export interface AxisTitles {
  /** None: another plot below has the same axis, and its numbers. */
  readonly x?: string;
  /** None: another plot at the left has the same axis, and its numbers. */
  readonly y?: string;
}

const TICK_SIZE = 12;
const TITLE_SIZE = 13;
/** Room for the numbers and the title beside an axis. */
export const besideAxes = { left: 62, bottom: 44 } as const;

export class Plot {
  readonly #surface: Surface;
  readonly #box: Box;
  readonly #x: Axis;
  readonly #y: Axis;

  /** @param box Without the numbers and titles, which stand at its left and below. */
  constructor(surface: Surface, box: Box, x: Axis, y: Axis) {
    this.#surface = surface;
    this.#box = box;
    this.#x = x;
    this.#y = y;
  }

  drawAxes(titles: AxisTitles): void {
    const { left, top, width, height } = this.#box;
    const [right, bottom] = [left + width, top + height];
    const grid: LineStyle = { colour: palette.grid, width: 1 };
    const numbers = { size: TICK_SIZE, colour: palette.muted };
    for (const { value, label } of this.#x.ticks) {
      const x = crisp(left + width * this.#x.place(value)!);
      this.#surface.line(
        [
          { x, y: top },
          { x, y: bottom },
        ],
        grid,
      );
      if (titles.x !== undefined) this.#surface.text({ x, y: bottom + 17 }, label, { ...numbers, anchor: "MIDDLE" });
    }
    for (const { value, label } of this.#y.ticks) {
      const y = crisp(bottom - height * this.#y.place(value)!);
      this.#surface.line(
        [
          { x: left, y },
          { x: right, y },
        ],
        grid,
      );
      if (titles.y !== undefined) this.#surface.text({ x: left - 7, y: y + 4 }, label, { ...numbers, anchor: "END" });
    }
    const [frameLeft, frameBottom] = [crisp(left), crisp(bottom)];
    const frame = [
      { x: frameLeft, y: top },
      { x: frameLeft, y: frameBottom },
      { x: right, y: frameBottom },
    ];
    this.#surface.line(frame, { colour: palette.axis, width: 1 });
    const words = { size: TITLE_SIZE, colour: palette.text, anchor: "MIDDLE" } as const;
    if (titles.x) this.#surface.text({ x: left + width / 2, y: bottom + 37 }, titles.x, words);
    if (titles.y) {
      const widest = Math.max(0, ...this.#y.ticks.map(({ label }) => textWidth(label, TICK_SIZE)));
      const x = Math.max(left - 7 - widest - 10, left - besideAxes.left + 12);
      this.#surface.text({ x, y: top + height / 2 }, titles.y, { ...words, isUpright: true });
    }
  }

  at([x, y]: Pair): Point | undefined {
    const [placeX, placeY] = [this.#x.place(x), this.#y.place(y)];
    if (placeX === undefined || placeY === undefined) return undefined;
    const { left, top, width, height } = this.#box;
    return { x: left + placeX * width, y: top + (1 - placeY) * height };
  }

  /** A line from point to point, with gaps where points cannot be shown. */
  curve(pairs: readonly Pair[], style: LineStyle): void {
    for (const points of this.#runs(pairs)) if (points.length > 1) this.#surface.line(points, style);
  }

  /** Fills from the x axis up to the line from point to point. */
  areaBelow(pairs: readonly Pair[], ink: Ink): void {
    const bottom = this.#box.top + this.#box.height;
    for (const points of this.#runs(pairs)) {
      const [first, last] = [points[0]!, points.at(-1)!];
      this.#surface.area([{ x: first.x, y: bottom }, ...points, { x: last.x, y: bottom }], ink);
    }
  }

  marks(pairs: readonly Pair[], mark: Mark, radius: number, ink: Ink): void {
    for (const pair of pairs) {
      const point = this.at(pair);
      if (point !== undefined) drawMark(this.#surface, mark, point, radius, ink);
    }
  }

  #runs(pairs: readonly Pair[]): Point[][] {
    const runs: Point[][] = [[]];
    for (const pair of pairs) {
      const point = this.at(pair);
      if (point !== undefined) runs.at(-1)!.push(point);
      else if (runs.at(-1)!.length > 0) runs.push([]);
    }
    return runs.filter((points) => points.length > 0);
  }
}

/** Where a line of one pixel is not spread over two. */
function crisp(place: number): number {
  return Math.floor(place) + 0.5;
}
