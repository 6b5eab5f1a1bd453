/** What was found, in numbers: parameters with their intervals, the detector measured by itself, and how well noise agrees. */
import type { DetectorMeasurement, FittedParameter, Goodness } from "../../fitting/fit-outcome.js";
import { intervalText, numberText, ratioText } from "../number-text.js";
import { palette } from "../palette.js";
import { drawTitle, titleHeight } from "../panel.js";
import { cutToWidth } from "../stroke-font.js";
import type { Box, Colour, Surface } from "../surface.js";

export interface TableContent {
  readonly parameters: readonly FittedParameter[];
  readonly detector: readonly DetectorMeasurement[];
  readonly goodness: Goodness | undefined;
}

interface Row {
  readonly cells: readonly [name: string, value: string, interval: string, word: string];
  readonly colour?: Colour;
}

const SIZE = 13;
const ROW = 21;
const HEAD_GAP = 5;
const SECTION_GAP = 10;
/** From the left of the name column to the right of value and interval, and to the left of the last column. */
const shares = { name: 0.43, value: 0.555, interval: 0.8, word: 0.82 } as const;
/** What the first section leaves of the second one, where there is no room for both. */
const KEPT_ROWS = 6;

const methods = {
  PAIRS: "pairs",
  TWO_SCANS: "two scans",
  DARK_FRAMES: "dark frames",
  BLIND: "single images",
} as const satisfies Record<DetectorMeasurement["method"], string>;

/** How high the panel is where nothing is cut. */
export function tableHeight({ parameters, detector, goodness }: TableContent): number {
  const sections = sectionHeight(parameters.length) + sectionHeight(detector.flatMap(detectorRows).length);
  const lines = goodness === undefined ? 0 : goodnessLines(goodness).length;
  return titleHeight + sections + lines * ROW;
}

function sectionHeight(rows: number): number {
  return rows === 0 ? 0 : (rows + 1) * ROW + HEAD_GAP + SECTION_GAP;
}

export function drawParameterTable(
  surface: Surface,
  panel: Box,
  { parameters, detector, goodness }: TableContent,
): void {
  const room = drawTitle(surface, panel, "What was found");
  const { left, width } = room;
  let y = room.top + 5;
  const cut = (text: string, from: number, to: number) => cutToWidth(text, SIZE, (to - from) * width);
  const writeRow = ({ cells: [name, value, interval, word], colour = palette.text }: Row) => {
    const style = { size: SIZE, colour };
    const numbers = { ...style, anchor: "END" } as const;
    const { name: nameEnd, value: valueEnd, interval: intervalEnd, word: wordStart } = shares;
    surface.text({ x: left, y }, cut(name, 0, nameEnd), style);
    surface.text({ x: left + valueEnd * width, y }, cut(value, nameEnd, valueEnd), numbers);
    surface.text({ x: left + intervalEnd * width, y }, cut(interval, valueEnd, intervalEnd), numbers);
    surface.text({ x: left + wordStart * width, y }, cut(word, wordStart, 1), style);
    y += ROW;
  };
  const writeHead = (cells: Row["cells"]) => {
    writeRow({ cells, colour: palette.muted });
    const rule = Math.floor(y - ROW + 8) + 0.5;
    surface.line(
      [
        { x: left, y: rule },
        { x: left + width, y: rule },
      ],
      { colour: palette.axis, width: 1 },
    );
    y += HEAD_GAP;
  };

  const lines = goodness === undefined ? [] : goodnessLines(goodness);
  const bottom = room.top + room.height - lines.length * ROW;
  const sections = [
    { head: ["parameter", "value", "95 % interval", "identified"] as const, rows: parameters.map(parameterRow) },
    { head: ["detector, by itself", "value", "95 % interval", "from"] as const, rows: detector.flatMap(detectorRows) },
  ];
  for (const [n, { head, rows }] of sections.entries()) {
    const kept = sections.slice(n + 1).map((later) => sectionHeight(Math.min(later.rows.length, KEPT_ROWS)));
    const room = bottom - y - kept.reduce((sum, height) => sum + height, 0);
    const fitting = Math.floor((room - ROW - HEAD_GAP) / ROW);
    if (rows.length === 0 || fitting < 1) continue;
    writeHead(head);
    const shown = rows.length <= fitting ? rows : rows.slice(0, fitting - 1);
    for (const row of shown) writeRow(row);
    if (shown.length < rows.length) {
      const remark = { size: SIZE, colour: palette.muted };
      surface.text({ x: left, y }, `… and ${rows.length - shown.length} more`, remark);
      y += ROW;
    }
    y += SECTION_GAP;
  }
  y = Math.max(y, bottom + ROW - SECTION_GAP);
  lines.forEach((line, n) => {
    const style = { size: SIZE, colour: n === 0 ? palette.text : palette.muted, isBold: n === 0 };
    surface.text({ x: left, y }, cutToWidth(line, SIZE, width), style);
    y += ROW;
  });
}

function parameterRow({ path, value, low, high, isIdentified }: FittedParameter): Row {
  return {
    cells: [path, numberText(value), intervalText(low, high), isIdentified ? "yes" : "no"],
    ...(!isIdentified && { colour: palette.warning }),
  };
}

function detectorRows({ method, estimates }: DetectorMeasurement): Row[] {
  return Object.entries(estimates).map(([name, { value, low, high }]) => ({
    cells: [name, numberText(value), intervalText(low, high), methods[method]],
  }));
}

function goodnessLines({ ratio, low, high, terms, templateRatio }: Goodness): string[] {
  const parts = [
    `profile ${ratioText(terms.profile)}`,
    `by intensity ${ratioText(terms.intensity)}`,
    `spectrum ${ratioText(terms.spectrum)}`,
    `between tiles ${ratioText(terms.tiles)}`,
  ];
  return [
    `${ratioText(ratio)} (${ratioText(low)} – ${ratioText(high)}) of real against real`,
    parts.join(" · "),
    `the template's own numbers: ${templateRatio === undefined ? "not measured" : ratioText(templateRatio)}`,
  ];
}
