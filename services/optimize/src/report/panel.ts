/** What all panels of a report have: a title, a legend beside it, and a word where there is nothing to draw. */
import { drawMark, type Mark } from "./marks.js";
import { palette } from "./palette.js";
import { textWidth } from "./stroke-font.js";
import type { Box, Colour, Surface } from "./surface.js";

export interface LegendEntry {
  readonly name: string;
  readonly colour: Colour;
  /** A mark, or a line. */
  readonly as: Mark | "LINE";
}

const TITLE_SIZE = 16;
const LEGEND_SIZE = 13;
export const titleHeight = 34;

/** Writes the title of a panel, and gives the room below it. */
export function drawTitle(surface: Surface, { left, top, width, height }: Box, title: string): Box {
  surface.text({ x: left, y: top + 14 }, title, { size: TITLE_SIZE, colour: palette.text, isBold: true });
  return { left, top: top + titleHeight, width, height: height - titleHeight };
}

/** Draws entries beside each other, the last of them up to about `right`. */
export function drawLegend(surface: Surface, right: number, y: number, entries: readonly LegendEntry[]): void {
  let end = right;
  for (const { name, colour, as } of [...entries].reverse()) {
    end -= textWidth(name, LEGEND_SIZE);
    surface.text({ x: end, y }, name, { size: LEGEND_SIZE, colour: palette.text });
    end -= 7;
    const middle = y - 4.5;
    if (as === "LINE") {
      surface.line(
        [
          { x: end - 20, y: middle },
          { x: end, y: middle },
        ],
        { colour, width: 2.2 },
      );
      end -= 20;
    } else {
      drawMark(surface, as, { x: end - 5, y: middle }, 4, { colour });
      end -= 10;
    }
    end -= 14;
  }
}

export function drawNothing(surface: Surface, { left, top, width, height }: Box): void {
  const corners = [
    [left, top],
    [left + width, top],
    [left + width, top + height],
    [left, top + height],
  ] as const;
  surface.area(
    corners.map(([x, y]) => ({ x, y })),
    { colour: palette.grid, opacity: 0.5 },
  );
  const place = { x: left + width / 2, y: top + height / 2 + 5 };
  surface.text(place, "not measured", { size: 14, colour: palette.muted, anchor: "MIDDLE" });
}
