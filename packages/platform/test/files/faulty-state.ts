/** A record that is read and watched all the while a write of it fails, at one call after the other. Prints a report. */
import { FileStateStore } from "../../dist/state/file-state-store.js";
import { type Fault, Faults } from "./faulty-disk.js";

export interface StateReport {
  /** Writes that failed. */
  failures: number;
  /** Values that were read while a write failed, or told to a watcher, though they were never written. */
  ghosts: string[];
  /** Values told to the watcher after the first. */
  told: string[];
}

const faults = new Faults();
const report: StateReport = { failures: 0, ghosts: [], told: [] };
const store = await FileStateStore.open(`${faults.folder}/state`);
const encode = (value: string): Uint8Array => new TextEncoder().encode(value);
const decode = (value: Uint8Array | undefined): string => (value === undefined ? "" : new TextDecoder().decode(value));

let value = "first";
let revision = await store.put("a", encode(value), 0n);
const stop = new AbortController();
const watching = (async () => {
  for await (const change of store.watch("", { signal: stop.signal })) {
    if (change.type === "put" && decode(change.value) !== "first") report.told.push(decode(change.value));
  }
})().catch(() => undefined); // aborted at the end

/** What is read until a write has settled. */
async function readUntil(settled: Promise<unknown>): Promise<string[]> {
  const read: string[] = [];
  let over = false;
  settled.finally(() => {
    over = true;
  });
  while (!over) read.push(decode((await store.get("a"))?.value));
  return read;
}

/** Whether the write failed; the same one succeeds afterwards. */
async function writeWith(fault: Fault): Promise<boolean> {
  const next = `${fault.call} ${fault.number}`;
  await faults.begin(fault);
  const failed = store.put("a", encode(next), revision).then(
    (written) => {
      [value, revision] = [next, written];
      return false;
    },
    () => true,
  );
  const before = value;
  const read = await readUntil(failed);
  await faults.end();
  if (!(await failed)) return false;
  report.failures += 1;
  report.ghosts.push(...read.filter((one) => one !== before));
  if (decode((await store.get("a"))?.value) !== value) report.ghosts.push(`after ${next}`);
  revision = await store.put("a", encode(next), revision);
  value = next;
  return true;
}

for (const call of ["write", "fsync", "rename", "link"] as const) {
  let number = 1;
  while (await writeWith({ call, number, mode: "once" })) number += 1;
}
stop.abort();
await watching;
process.stdout.write(JSON.stringify(report));
