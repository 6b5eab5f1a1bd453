/** Which training processes a process has, and what they left in the folder for temporary files. */
import { execFile } from "node:child_process";
import { readdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { promisify } from "node:util";

/** Ids of the training processes that `parent` has started and that still live. */
export async function trainingProcesses(parent = process.pid): Promise<number[]> {
  const { stdout } = await promisify(execFile)("ps", ["-A", "-o", "pid=,ppid=,args="]);
  return stdout.split("\n").flatMap((line) => {
    const [pid, ppid, ...args] = line.trim().split(/\s+/);
    const ours = Number(ppid) === parent && args.join(" ").includes("/train/dist/process/main.js");
    return ours ? [Number(pid)] : [];
  });
}

/** Scratch folders of trainings in a folder for temporary files. */
export async function leftovers(folder = tmpdir()): Promise<string[]> {
  return (await readdir(folder)).filter((name) => name.startsWith("pssr-train-"));
}
