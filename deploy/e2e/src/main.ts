/**
 * The main job on the cluster that kubectl points to, while its parts are taken away one after the other:
 *
 *     make e2e-k8s           # STEPS=150 of learning; what was seen lies in out/e2e-k8s/report.json
 */
import { Report } from "./report.js";
import { scenario } from "./scenario.js";

const out = "out/e2e-k8s";
const mostMs = 45 * 60_000;

const report = new Report();
const stop = new AbortController();
const late = setTimeout(() => stop.abort(new Error(`not done after ${mostMs / 60_000} minutes`)), mostMs);
process.once("SIGINT", () => stop.abort(new Error("interrupted")));
try {
  await scenario(report, { out, steps: Number(process.env.STEPS ?? 150), stop });
} finally {
  clearTimeout(late);
  await report.write(`${out}/report.json`);
}
if (report.failures.length > 0) {
  process.stdout.write(`\nNot as it must be:\n${report.failures.map((what) => `  ${what}\n`).join("")}`);
  process.exitCode = 1;
}
