/** A server as a child process of ours: ready when it says so, and stopped, killed, frozen or started again at will. */
import { type ChildProcess, spawn } from "node:child_process";
import { createWriteStream } from "node:fs";
import { PssrError } from "@pssr/api";
import { becomesReady } from "./becomes-ready.js";
import type { LocalServer } from "./local-server.js";

export interface ServerProcessOptions {
  command: string;
  args: readonly string[];
  env?: Readonly<Record<string, string>>;
  /** Where what it says goes, behind what is there. Default: nowhere; it is told when it does not start. */
  logFile?: string;
  /** Resolves once the server takes requests; asked again until it does. */
  isReady(): Promise<boolean>;
}

/** Enough to say why a server did not start. */
const keptLogBytes = 4096;

export class ServerProcess implements LocalServer {
  #child: ChildProcess | undefined;
  #ended: Promise<void> = Promise.resolve();
  #log = "";

  constructor(private readonly options: ServerProcessOptions) {}

  async start(): Promise<void> {
    const { command, args, env } = this.options;
    const child = spawn(command, args, { env: { ...process.env, ...env }, stdio: ["ignore", "pipe", "pipe"] });
    this.#child = child;
    this.#log = "";
    const keep = (chunk: Buffer): void => {
      this.#log = (this.#log + chunk.toString()).slice(-keptLogBytes);
    };
    const log =
      this.options.logFile === undefined ? undefined : createWriteStream(this.options.logFile, { flags: "a" });
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on("data", keep);
      if (log !== undefined) stream?.pipe(log, { end: false });
    }
    let failed: unknown;
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
    const isOver = (): boolean => failed !== undefined || child.exitCode !== null || child.signalCode !== null;
    if (await becomesReady(this.options.isReady, isOver)) return;
    await this.kill();
    throw new PssrError("UNAVAILABLE", `${command} did not start: ${this.#log}`, { cause: failed });
  }

  get pid(): number | undefined {
    return this.#child?.pid;
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
