/** Runs the benches named on the command line, or all: prints a table for each and adds its rows to out/bench.json. */
import { format, type Row, record } from "./row.js";

const benches: Record<string, () => Promise<{ run(): Promise<Row[]> }>> = {
  "main-job": () => import("./main-job/main-job.js"),
  claims: () => import("./claims/claims.js"),
  "fit-training": () => import("./claims/fit-training.js"),
  crappify: () => import("./crappify/crappify.js"),
  optimize: () => import("./optimize/optimize.js"),
  fits: () => import("./optimize/fits.js"),
  cluster: () => import("./cluster/cluster.js"),
};

const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !Object.hasOwn(benches, name));
if (unknown.length > 0) {
  process.stderr.write(`bench: there is no ${unknown.join(", ")}; there are ${Object.keys(benches).join(", ")}\n`);
  process.exit(2);
}
for (const name of asked.length > 0 ? asked : Object.keys(benches)) {
  const { run } = await benches[name]!();
  const rows = await run();
  await record("out/bench.json", rows);
  process.stdout.write(`\n${format(rows)}\n`);
}
