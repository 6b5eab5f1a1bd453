/** The script of a thread that draws a report; see drawReport. */
import { serveThread } from "@pssr/platform";
import type { DrawnReport } from "./draw-report.js";
import { type FitReport, renderPng, renderSvg } from "./render-report.js";

serveThread<FitReport, DrawnReport>(async (report) => {
  const value = { svg: new TextEncoder().encode(renderSvg(report)), png: renderPng(report) };
  return { value };
});
