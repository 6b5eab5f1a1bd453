/**
 * Lets workers of a cluster do jobs over real NATS and S3 servers for a while, in which they are killed, frozen, asked to stop and
 * cut off, and the servers restarted; then looks whether any work was lost, done twice or changed. Every decision comes from the
 * seed. Run by `make soak SECONDS=60 SEED=1`.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { startNatsServer, startS3Server } from "@pssr/local-servers";
import { Journal } from "./journal.js";
import { runSoak } from "./run-soak.js";
import { tableOf } from "./soak-table.js";

const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "60" },
    seed: { type: "string", default: "1" },
    out: { type: "string", default: "out/soak" },
  },
});
const { seed } = values;
const seconds = Number(values.seconds);
if (!(seconds > 0)) throw new Error(`--seconds is ${values.seconds}; it must be a number above 0`);

const journal = new Journal(join(values.out, `seed-${seed}.log`));
console.log(`soak: ${seconds} s with seed ${seed}; what happens is told in ${journal.path}`);
const directory = await mkdtemp(join(tmpdir(), "pssr-soak-"));
const nats = await startNatsServer({ directory: join(directory, "nats") });
const s3 = await startS3Server({ directory: join(directory, "s3") });
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => void Promise.all([nats.kill(), s3.kill()]).finally(() => process.exit(1)));
}
try {
  const table = tableOf(await runSoak({ seconds, seed, journal, servers: { nats, s3 } }));
  console.log(table);
  for (const line of table.split("\n")) journal.note(line);
} catch (error) {
  journal.violation(`the soak itself failed: ${error instanceof Error ? error.stack : String(error)}`);
} finally {
  await nats.stop();
  await s3.stop();
}
await rm(directory, { recursive: true, force: true });
const { length: violations } = journal.violations;
console.log(
  violations === 0
    ? "soak: nothing was lost, done twice or changed"
    : `soak: ${violations} violations with seed ${seed}, told in ${journal.path}; again: make soak SECONDS=${seconds} SEED=${seed}`,
);
journal.close();
// Workers of a soak that failed end with it.
process.exit(violations === 0 ? 0 : 1);
