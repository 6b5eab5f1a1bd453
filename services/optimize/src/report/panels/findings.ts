/** What to know before a fit is used, in a few lines. */
import type { Finding } from "../../fitting/fit-outcome.js";
import { palette } from "../palette.js";
import { drawTitle, titleHeight } from "../panel.js";
import { wrapToWidth } from "../stroke-font.js";
import type { Box, Surface } from "../surface.js";

const SIZE = 13;
const LINE_HEIGHT = 20;
const INDENT = 14;
/** Where no more room is there anyway. */
const MOST_LINES = 12;
/** Of one finding. */
const MOST_OF_ONE = 2;

interface Line {
  readonly text: string;
  readonly kind: "FIRST" | "NEXT" | "REMARK";
}

/**
 * How high the panel is.
 *
 * @param room What is free for it, and would stay empty.
 */
export function findingsHeight(findings: readonly Finding[], width: number, room: number): number {
  const most = Math.max(MOST_LINES, linesWithin(room));
  return titleHeight + linesOf(findings, width, most).length * LINE_HEIGHT;
}

function linesWithin(height: number): number {
  return Math.floor((height - titleHeight) / LINE_HEIGHT);
}

export function drawFindings(surface: Surface, panel: Box, findings: readonly Finding[]): void {
  const room = drawTitle(surface, panel, "Findings");
  linesOf(findings, panel.width, linesWithin(panel.height)).forEach(({ text, kind }, n) => {
    const y = room.top + 5 + n * LINE_HEIGHT;
    if (kind === "FIRST") surface.disc({ x: room.left + 4, y: y - 4.5 }, 2.5, { colour: palette.warning });
    const [x, colour] = kind === "REMARK" ? [room.left, palette.muted] : [room.left + INDENT, palette.text];
    surface.text({ x, y }, text, { size: SIZE, colour });
  });
}

function linesOf(findings: readonly Finding[], width: number, most: number): Line[] {
  if (findings.length === 0) return [{ text: "Nothing to know before it is used.", kind: "REMARK" }];
  const lines: Line[] = [];
  for (const [n, { message }] of findings.entries()) {
    const wrapped = wrapToWidth(message, SIZE, width - INDENT, MOST_OF_ONE);
    // A line is kept to say that there are more.
    if (lines.length + wrapped.length > most - (n < findings.length - 1 ? 1 : 0)) {
      lines.push({ text: `… and ${findings.length - n} more`, kind: "REMARK" });
      return lines;
    }
    wrapped.forEach((text, part) => lines.push({ text, kind: part === 0 ? "FIRST" : "NEXT" }));
  }
  return lines;
}
