/** A server as a child process of ours: ready when it says so, and stopped, killed, frozen or started again at will. */
import { type ChildProcess, spawn } from "node:child_process";
import { createWriteStream } from "node:fs";
import { PssrError } from "@pssr/api";
import { becomesReady } from "./becomes-ready.js";
import type { LocalServer } from "./local-server.js";
import { unwatch, watch } from "./warden.js";

export interface ServerProcessOptions {
  command: string;
  args: readonly string[];
  env?: Readonly<Record<string, string>>;
  /** Where what it says goes, behind what is there. Default: nowhere; it is told when it does not start. */
  logFile?: string;
  /** How it is known that it takes requests: what it says then, or a question asked again until the answer is yes. */
  ready: RegExp | (() => Promise<boolean>);
}

/** Enough to say why a server did not start. */
const keptLogBytes = 4096;

export class ServerProcess implements LocalServer {
  #child: ChildProcess | undefined;
  #ended: Promise<void> = Promise.resolve();
  #log = "";
  #announced: RegExpExecArray | null = null;

  constructor(private readonly options: ServerProcessOptions) {}

  /** With a signal the start can be given up: nothing is left running then either. */
  async start({ signal }: { signal?: AbortSignal | undefined } = {}): Promise<void> {
    signal?.throwIfAborted();
    const { command, args, env, ready, logFile } = this.options;
    const child = spawn(command, args, {
      env: { ...process.env, ...env },
      stdio: ["ignore", "pipe", "pipe"],
      detached: true, // see the warden
    });
    const { pid } = child;
    if (pid !== undefined) watch(pid);
    this.#child = child;
    this.#log = "";
    this.#announced = null;
    const keep = (chunk: Buffer): void => {
      const said = this.#log + chunk.toString();
      if (ready instanceof RegExp) this.#announced ??= ready.exec(said);
      this.#log = said.slice(-keptLogBytes);
    };
    const log = logFile === undefined ? undefined : createWriteStream(logFile, { flags: "a" });
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on("data", keep);
      if (log !== undefined) stream?.pipe(log, { end: false });
    }
    let failed: unknown;
    child.once("exit", () => {
      if (pid !== undefined) unwatch(pid);
    });
    this.#ended = new Promise((resolve) => {
      child.once("error", (error) => {
        failed = error;
        resolve();
      });
      child.once("close", () => {
        log?.end();
        resolve();
      });
    });
    const isOver = (): boolean =>
      failed !== undefined || child.exitCode !== null || child.signalCode !== null || signal?.aborted === true;
    const isReady = ready instanceof RegExp ? async () => this.#announced !== null : ready;
    if (await becomesReady(isReady, isOver)) return;
    await this.kill();
    signal?.throwIfAborted();
    throw new PssrError("UNAVAILABLE", `${command} did not start: ${this.#log}`, { cause: failed });
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** What it said when it was ready: the match of `ready`. */
  get announced(): RegExpExecArray | null {
    return this.#announced;
  }

  ended(): Promise<void> {
    return this.#ended;
  }

  async stop(): Promise<void> {
    this.#child?.kill("SIGTERM");
    await this.thaw(); // a frozen one would never hear it
    await this.#ended;
  }

  async kill(): Promise<void> {
    this.#child?.kill("SIGKILL");
    await this.#ended;
  }

  async freeze(): Promise<void> {
    this.#child?.kill("SIGSTOP");
  }

  async thaw(): Promise<void> {
    this.#child?.kill("SIGCONT");
  }
}
