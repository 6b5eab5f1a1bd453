/** Marks of points in a plot. They differ in shape as well as in colour, for prints without colours. */
import type { Ink, Point, Surface } from "./surface.js";

export type Mark = "DISC" | "SQUARE" | "TRIANGLE" | "DIAMOND" | "CROSS";

type Offsets = readonly (readonly [x: number, y: number])[];

/** Corners in units of the radius, chosen so that all marks look equally large. */
const corners: Readonly<Record<"SQUARE" | "TRIANGLE" | "DIAMOND", Offsets>> = {
  SQUARE: [
    [-0.88, -0.88],
    [0.88, -0.88],
    [0.88, 0.88],
    [-0.88, 0.88],
  ],
  TRIANGLE: [
    [0, -1.25],
    [1.1, 0.8],
    [-1.1, 0.8],
  ],
  DIAMOND: [
    [0, -1.35],
    [1.35, 0],
    [0, 1.35],
    [-1.35, 0],
  ],
};

export function drawMark(surface: Surface, mark: Mark, { x, y }: Point, radius: number, ink: Ink): void {
  const around = (offsets: Offsets) => offsets.map(([dx, dy]) => ({ x: x + dx * radius, y: y + dy * radius }));
  if (mark === "DISC") surface.disc({ x, y }, radius, ink);
  else if (mark === "CROSS") {
    for (const slope of [1, -1]) {
      const ends = around([
        [-0.85, -0.85 * slope],
        [0.85, 0.85 * slope],
      ]);
      surface.line(ends, { ...ink, width: radius * 0.5 });
    }
  } else surface.area(around(corners[mark]), ink);
}
