/** Runs the `pssr` command as a user does: in processes of its own. */
import { type ChildProcess, type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

export const root = resolve(dirname(fileURLToPath(import.meta.url)), "../../..");
const bin = join(root, "apps/cli/bin/pssr.js");

export interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** Runs one command to its end, in the folder `cwd`. */
export async function pssr(args: string[], env: Record<string, string> = {}, cwd?: string): Promise<Ended> {
  return ended(spawn(process.execPath, [bin, ...args], { env: { ...process.env, ...env }, cwd }));
}

/** Runs one command until it says something on standard error, then sends it a signal, or does something else. */
export function pssrUntil(said: RegExp, then: NodeJS.Signals | (() => void), args: string[]): Promise<Ended> {
  const child = spawn(process.execPath, [bin, ...args]);
  let words = "";
  child.stderr.on("data", (chunk) => {
    const before = said.test(words);
    words += chunk;
    if (before || !said.test(words)) return;
    if (typeof then === "string") child.kill(then);
    else then();
  });
  return ended(child);
}

async function ended(child: ChildProcessWithoutNullStreams): Promise<Ended> {
  const [stdout, stderr] = [collect(child.stdout), collect(child.stderr)];
  const [code] = (await once(child, "close")) as [number | null];
  return { code, stdout: stdout(), stderr: stderr() };
}

function collect(stream: NodeJS.ReadableStream): () => string {
  const chunks: Buffer[] = [];
  stream.on("data", (chunk: Buffer) => chunks.push(chunk));
  return () => Buffer.concat(chunks).toString("utf8");
}

/** Where a process of ours listens, once it says so. */
export function listening(child: ChildProcess): Promise<string> {
  let said = "";
  return new Promise((found, failed) => {
    child.stderr?.on("data", (chunk) => {
      said += chunk;
      const address = /listens on (\S+);/.exec(said)?.[1];
      if (address !== undefined) found(address);
    });
    child.once("exit", (code) => failed(new Error(`the process ended with code ${code}: ${said}`)));
  });
}

export interface Up {
  address: string;
  child: ChildProcess;
  /** Everything that it wrote to standard error so far. */
  log(): string;
  /** Ends it by a signal and says how it ended and how long that took. */
  end(signal: NodeJS.Signals): Promise<{ code: number | null; seconds: number }>;
}

/** `pssr up` on a data directory; resolves when it says where it listens. */
export async function up(dataDir: string, ...settings: string[]): Promise<Up> {
  const args = ["up", "--data-dir", dataDir, "--gateway-bind", "127.0.0.1:0", "--log-level", "warn", ...settings];
  const child = spawn(process.execPath, [bin, ...args], { stdio: ["ignore", "ignore", "pipe"] });
  const log = collect(child.stderr);
  const address = await listening(child);
  return {
    address,
    child,
    log,
    async end(signal) {
      const begun = performance.now();
      const exited = once(child, "exit");
      child.kill(signal);
      const [code] = (await exited) as [number | null];
      return { code, seconds: (performance.now() - begun) / 1000 };
    },
  };
}

export async function temporaryFolder(): Promise<{ path: string; remove(): Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), "pssr-cli-"));
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}
