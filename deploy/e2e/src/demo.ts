/** `pssr demo` as a process, from outside the cluster or all in one process, and the table that it ends with. */
import { spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import type { Door } from "./door.js";

interface Score {
  psnr: number;
  ssim: number;
}

export interface DemoTable {
  training_steps: number;
  training_seconds: number;
  slices: { name: string }[];
  mean: { bilinear: Score; ours: Score };
}

export interface DemoOptions {
  steps: number;
  out: string;
  /** Absent: an installation of its own, in one process. */
  on?: { door: Door; project: string };
  signal: AbortSignal;
}

export async function demo({ steps, out, on, signal }: DemoOptions): Promise<DemoTable> {
  const where = on === undefined ? [] : ["--address", on.door.address, "--project", on.project];
  const args = ["apps/cli/bin/pssr.js", ...where, "demo", "--steps", `${steps}`, "--out", out];
  if (on !== undefined) args.push("--existing");
  const env =
    on === undefined ? process.env : { ...process.env, PSSR_TOKEN: on.door.token, PSSR_TOKEN_FILE: undefined };
  const child = spawn(process.execPath, args, { env, signal, stdio: ["ignore", "ignore", "inherit"] });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  if (code !== 0) throw new Error(`pssr demo ended with ${code}`);
  return JSON.parse(await readFile(`${out}/report.json`, "utf8")) as DemoTable;
}
