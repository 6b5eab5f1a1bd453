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
import { drawParameterTable } from "./panels/parameter-table.js";
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

const WIDTH = 1600;
const MARGIN = 40;
const GAP = 34;
const HEAD = 104;
const CURVES = 390;
const RESULTS = 390;
const INNER = WIDTH - 2 * MARGIN;

export function renderSvg(report: FitReport): string {
  const surface = new SvgSurface(WIDTH, heightOf(report), palette.paper);
  drawReport(surface, report);
  return surface.toString();
}

export function renderPng(report: FitReport): Uint8Array {
  const surface = new RasterSurface(WIDTH, heightOf(report), palette.paper);
  drawReport(surface, report);
  return encodeRgbPng(surface.pixels);
}

function heightOf({ comparison, findings }: FitReport): number {
  const curves = comparison === undefined ? 0 : CURVES + GAP;
  return HEAD + curves + RESULTS + GAP + findingsHeight(findings, INNER) + MARGIN / 2;
}

function drawReport(surface: Surface, report: FitReport): void {
  const { comparison, looks, findings } = report;
  drawHead(surface, report);
  let top = HEAD;
  if (comparison !== undefined) {
    const width = (INNER - 2 * GAP) / 3;
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
  if (looks.length > 0) drawConvergence(surface, next(390), looks);
  if (comparison !== undefined) drawCrops(surface, next(612), comparison);
  const table = { parameters: report.parameters, detector: report.detector ?? [], goodness: report.goodness };
  drawParameterTable(surface, next(450), table);
  top += RESULTS + GAP;
  drawFindings(surface, { left: MARGIN, top, width: INNER, height: findingsHeight(findings, INNER) }, findings);
}

function drawHead(surface: Surface, { title, goodness, comparison }: FitReport): void {
  const right = WIDTH - MARGIN;
  const titleStyle = { size: 26, colour: palette.text, isBold: true };
  surface.text({ x: MARGIN, y: 46 }, cutToWidth(title, titleStyle.size, INNER - 260), titleStyle);
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
