/** Draws the report of a fit in both formats, in a thread that is there for that alone: a fit has one report. */
import { type Abortable, ThreadPool } from "@pssr/platform";
import type { FitReport } from "./render-report.js";

export interface DrawnReport {
  svg: Uint8Array;
  png: Uint8Array;
}

export async function drawReport(report: FitReport, options: Abortable): Promise<DrawnReport> {
  const script = new URL("./report-thread.js", import.meta.url);
  await using thread = new ThreadPool<FitReport, DrawnReport>({ script, name: "optimize", threads: 1 });
  return await thread.run(report, options);
}
