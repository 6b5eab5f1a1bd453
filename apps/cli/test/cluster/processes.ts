/** Which processes there are, as the system has them. */
import { readdir, readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";

interface Process {
  state: string;
  parent: number;
}

/** Undefined where there is none, or none any more. */
async function processOf(pid: number): Promise<Process | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, "latin1").catch(() => ""); // it has just ended
  if (stat === "") return undefined;
  const [state = "", parent] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return { state, parent: Number(parent) };
}

export async function childrenOf(pid: number | undefined): Promise<number[]> {
  const children: number[] = [];
  for (const name of await readdir("/proc")) {
    if (/^\d+$/.test(name) && (await processOf(Number(name)))?.parent === pid) children.push(Number(name));
  }
  return children;
}

/** Its children, theirs, and so on. */
export async function descendantsOf(pid: number): Promise<number[]> {
  const found: number[] = [];
  for (const child of await childrenOf(pid)) found.push(child, ...(await descendantsOf(child)));
  return found;
}

/** Those that still run; one that has ended and that nobody has asked about yet does not. */
export async function running(pids: readonly number[]): Promise<number[]> {
  const processes = await Promise.all(pids.map(processOf));
  return pids.filter((_, i) => !/^[ZX]?$/.test(processes[i]?.state ?? ""));
}

/** Waits until none of them runs; after the time gives those that still do. */
export async function untilGone(pids: readonly number[], limitMs: number): Promise<number[]> {
  const giveUpAt = performance.now() + limitMs;
  for (;;) {
    const left = await running(pids);
    if (left.length === 0 || performance.now() > giveUpAt) return left;
    await sleep(50);
  }
}
