/**
 * Writes and removes the same files again and again, each time with the disk failing at another call, and says in the log of
 * the disk what it takes for durable. Prints a report.
 */
import { appendFileSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { DurableFiles } from "../../dist/files/durable-files.js";
import { type Fault, Faults } from "./faulty-disk.js";
import type { WriterReport } from "./writer-report.js";

const faults = new Faults();
const report: WriterReport = { faults: 0, refusals: {}, temporary: 0, handles: [] };
const openHandles = async (): Promise<number> => (await readdir("/proc/self/fd")).length;

/** Does all steps at once; those that were refused are done again once the disk is sound. */
async function withFault(fault: Fault, steps: readonly (() => Promise<void>)[]): Promise<boolean> {
  await faults.begin(fault);
  const outcomes = await Promise.allSettled(steps.map((step) => step()));
  const hit = await faults.end();
  for (const [i, outcome] of outcomes.entries()) {
    if (outcome.status === "fulfilled") continue;
    const { code, reason } = outcome.reason;
    const refusal = `${fault.call}: ${reason ?? code}`;
    report.refusals[refusal] = (report.refusals[refusal] ?? 0) + 1;
    await steps[i]!();
  }
  return hit;
}

async function writeAndRemove(root: string, fault: Fault): Promise<boolean> {
  const files = await DurableFiles.open(root);
  const claim = (what: "exists" | "gone", key: string) => appendFileSync(faults.log, `${what} - ${files.path(key)}\n`);
  const write = (how: "create" | "replace", key: string, content: string) => async () => {
    await files.write(key, how, (file) => file.writeFile(content));
    claim("exists", key);
  };
  const remove = (key: string) => async () => {
    await files.remove(key);
    claim("gone", key);
  };
  const hits = [
    await withFault(fault, [
      write("create", "a/b/one", "1"),
      write("create", "a/b/one", "1"),
      write("create", "a/b/two", "2"),
      write("create", "a/c/three", "3"),
      write("replace", "d", "before"),
    ]),
    await withFault(fault, [write("replace", "d", "after"), write("create", "a/b/one", "1"), remove("a/b/two")]),
    await withFault(fault, [remove("a/b/one"), write("create", "a/b/four", "4"), remove("a/c/three")]),
  ];
  await DurableFiles.open(root);
  report.temporary += (await readdir(`${root}/.tmp`)).length;
  return hits.includes(true);
}

let folder = 0;
for (const call of ["write", "fsync", "rename", "link", "unlink", "mkdir", "rmdir"] as const) {
  for (const mode of ["once", "on"] as const) {
    for (let number = 1, hit = true; hit; number++) {
      folder += 1;
      hit = await writeAndRemove(`${faults.folder}/${folder}`, { call, number, mode });
      report.faults += hit ? 1 : 0;
      report.handles.push(await openHandles());
    }
  }
}
process.stdout.write(JSON.stringify(report));
