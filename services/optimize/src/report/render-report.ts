/**
 * The report of a fit as one picture: noise profile, variance by intensity, power spectrum, convergence, a tile held back, and
 * what was found. As SVG and as PNG it is the same drawing.
 *
 *     await writeFile("fit.png", renderPng({ title: fit.name, looks, ...outcome }));
 */
import { encodeRgbPng } from "@pssr/imaging";
import type {
  Comparison,
  DetectorMeasurement,
  Finding,
  FittedParameter,
  Goodness,
  TakenLook,
} from "../fitting/fit-outcome.js";
import { ratioText } from "./number-text.js";
import { palette } from "./palette.js";
import { drawLegend } from "./panel.js";
import { drawConvergence } from "./panels/convergence.js";
import { drawCrops } from "./panels/crops.js";
import { drawFindings, findingsHeight } from "./panels/findings.js";
import { drawIntensityCurves } from "./panels/intensity-curves.js";
import { drawNoiseProfile } from "./panels/noise-profile.js";
import { drawParameterTable, type TableContent, tableHeight } from "./panels/parameter-table.js";
import { drawPowerSpectra } from "./panels/power-spectra.js";
import { RasterSurface } from "./raster-surface.js";
import { cutToWidth } from "./stroke-font.js";
import type { Surface } from "./surface.js";
import { SvgSurface } from "./svg-surface.js";

export interface FitReport {
  title: string;
  parameters: readonly FittedParameter[];
  /** The detector measured by itself; default: not. */
  detector?: readonly DetectorMeasurement[];
  looks: readonly TakenLook[];
  comparison: Comparison | undefined;
  goodness: Goodness | undefined;
  findings: readonly Finding[];
}

const MARGIN = 40;
const GAP = 34;
const HEAD = 104;
const CURVES = 390;
const RESULTS = 390;
/** Of the table, which has a row for each number. */
const MOST_RESULTS = 1100;
const widths = { convergence: 390, crops: 612, table: 530 } as const;
/** Of a report that is a table and nothing else. */
const TABLE_ALONE = 820;

export function renderSvg(report: FitReport): string {
  const { width, height } = sizeOf(report);
  const surface = new SvgSurface(width, height, palette.paper);
  drawReport(surface, report);
  return surface.toString();
}

export function renderPng(report: FitReport): Uint8Array {
  const { width, height } = sizeOf(report);
  const surface = new RasterSurface(width, height, palette.paper);
  drawReport(surface, report);
  return encodeRgbPng(surface.pixels);
}

interface Size {
  readonly width: number;
  /** Between the margins. */
  readonly inner: number;
  readonly table: { readonly left: number; readonly width: number; readonly height: number };
  /** Below what stands beside the table; a table that is higher has them at its left. */
  readonly findings: { readonly top: number; readonly width: number; readonly height: number };
  readonly height: number;
}

function sizeOf(report: FitReport): Size {
  const { comparison, findings, looks } = report;
  const isTable = comparison === undefined && looks.length === 0;
  const inner = isTable ? TABLE_ALONE : widths.convergence + widths.crops + widths.table + 2 * GAP;
  const wanted = Math.min(MOST_RESULTS, tableHeight(tableOf(report)));
  const tableLeft = isTable ? MARGIN : MARGIN + inner - widths.table;
  const table = { left: tableLeft, width: widths.table, height: isTable ? wanted : Math.max(RESULTS, wanted) };
  const isBeside = !isTable && table.height > RESULTS;
  const results = HEAD + (comparison === undefined ? 0 : CURVES + GAP);
  const top = results + (isBeside ? RESULTS : table.height) + GAP;
  const width = isBeside ? inner - widths.table - GAP : inner;
  const tableEnd = results + table.height;
  const below = { top, width, height: findingsHeight(findings, width, tableEnd - top) };
  const height = Math.max(tableEnd, top + below.height) + MARGIN / 2;
  return { width: inner + 2 * MARGIN, inner, table, findings: below, height };
}

function drawReport(surface: Surface, report: FitReport): void {
  const { comparison, looks, findings } = report;
  const { inner, table, findings: below } = sizeOf(report);
  drawHead(surface, report, inner);
  let top = HEAD;
  if (comparison !== undefined) {
    const width = (inner - 2 * GAP) / 3;
    const panel = (n: number) => ({ left: MARGIN + n * (width + GAP), top, width, height: CURVES });
    drawNoiseProfile(surface, panel(0), comparison.profile);
    drawIntensityCurves(surface, panel(1), comparison.intensity);
    drawPowerSpectra(surface, panel(2), comparison.spectrum);
    top += CURVES + GAP;
  }
  let left = MARGIN;
  const next = (width: number) => {
    const box = { left, top, width, height: RESULTS };
    left += width + GAP;
    return box;
  };
  if (looks.length > 0) drawConvergence(surface, next(widths.convergence), looks);
  if (comparison !== undefined) drawCrops(surface, next(widths.crops), comparison);
  drawParameterTable(surface, { top, ...table }, tableOf(report));
  drawFindings(surface, { left: MARGIN, ...below }, findings);
}

function tableOf({ parameters, detector = [], goodness }: FitReport): TableContent {
  return { parameters, detector, goodness };
}

function drawHead(surface: Surface, { title, goodness, comparison }: FitReport, inner: number): void {
  const right = MARGIN + inner;
  const titleStyle = { size: 26, colour: palette.text, isBold: true };
  surface.text(
    { x: MARGIN, y: 46 },
    cutToWidth(title, titleStyle.size, inner - (comparison === undefined ? 0 : 260)),
    titleStyle,
  );
  const sentence =
    goodness === undefined || !Number.isFinite(goodness.ratio)
      ? "How well simulated noise agrees with real noise was not measured"
      : `On tiles held back, simulated noise differs from real noise ${ratioText(goodness.ratio)} times ` +
        `(${ratioText(goodness.low)} – ${ratioText(goodness.high)}) as much as real noise from itself`;
  surface.text({ x: MARGIN, y: 72 }, sentence, { size: 15, colour: palette.muted });
  if (comparison !== undefined) {
    drawLegend(surface, right, 46, [
      { name: "real", colour: palette.real, as: "DISC" },
      { name: "simulated", colour: palette.simulated, as: "LINE" },
    ]);
  }
  surface.line(
    [
      { x: MARGIN, y: 86.5 },
      { x: right, y: 86.5 },
    ],
    { colour: palette.grid, width: 1 },
  );
}
