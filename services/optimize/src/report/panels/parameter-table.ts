/** What was found, in numbers: parameters with their intervals, the detector measured by itself, and how well noise agrees. */
import type { DetectorMeasurement, FittedParameter, Goodness } from "../../fitting/fit-outcome.js";
import { intervalText, numberText, ratioText } from "../number-text.js";
import { palette } from "../palette.js";
import { drawTitle } from "../panel.js";
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
/** From the left of the name column to the right of value and interval, and to the left of the last column. */
const shares = { name: 0.43, value: 0.56, interval: 0.81, word: 0.845 } as const;

const methods = {
  PAIRS: "pairs",
  TWO_SCANS: "two scans",
  DARK_FRAMES: "dark frames",
  BLIND: "one image",
} as const satisfies Record<DetectorMeasurement["method"], string>;

export function drawParameterTable(
  surface: Surface,
  panel: Box,
  { parameters, detector, goodness }: TableContent,
): void {
  const room = drawTitle(surface, panel, "What was found");
  const { left, width } = room;
  let y = room.top + 5;
  const writeRow = ({ cells: [name, value, interval, word], colour = palette.text }: Row) => {
    const style = { size: SIZE, colour };
    surface.text({ x: left, y }, cutToWidth(name, SIZE, shares.name * width), style);
    surface.text({ x: left + shares.value * width, y }, value, { ...style, anchor: "END" });
    surface.text({ x: left + shares.interval * width, y }, interval, { ...style, anchor: "END" });
    surface.text({ x: left + shares.word * width, y }, cutToWidth(word, SIZE, (1 - shares.word) * width), style);
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
    y += 5;
  };

  const lines = goodness === undefined ? [] : goodnessLines(goodness);
  const bottom = room.top + room.height - lines.length * ROW;
  const sections = [
    { head: ["parameter", "value", "95 % interval", "identified"] as const, rows: parameters.map(parameterRow) },
    { head: ["detector, by itself", "value", "95 % interval", "from"] as const, rows: detector.flatMap(detectorRows) },
  ];
  for (const { head, rows } of sections) {
    const fitting = Math.floor((bottom - y - ROW - 5) / ROW);
    if (rows.length === 0 || fitting < 1) continue;
    writeHead(head);
    const shown = rows.length <= fitting ? rows : rows.slice(0, fitting - 1);
    for (const row of shown) writeRow(row);
    if (shown.length < rows.length) {
      writeRow({ cells: [`… and ${rows.length - shown.length} more`, "", "", ""], colour: palette.muted });
    }
    y += 10;
  }
  y = Math.max(y, bottom + ROW - 10);
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
