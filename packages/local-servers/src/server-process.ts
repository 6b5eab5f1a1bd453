/** A server as a child process of ours: ready when it says so, and stopped, killed, frozen or started again at will. */
import { type ChildProcess, spawn } from "node:child_process";
import { PssrError } from "@pssr/api";

export interface LocalServer {
  /** Asks it to end and waits until it has. Fine where it has ended. */
  stop(): Promise<void>;
  /** kill -9, and waits until it is gone. */
  kill(): Promise<void>;
  /** Starts it again after `stop` or `kill`, with the same data at the same address. */
  start(): Promise<void>;
  /** SIGSTOP: it keeps its connections and answers nothing. */
  freeze(): void;
  /** SIGCONT after `freeze`. */
  thaw(): void;
}

export interface ServerProcessOptions {
  command: string;
  args: readonly string[];
  env?: Readonly<Record<string, string>>;
  /** Resolves once the server takes requests; asked again until it does. */
  isReady(): Promise<boolean>;
}

const startMs = 20_000;
const askAgainMs = 20;
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
    child.stdout?.on("data", keep);
    child.stderr?.on("data", keep);
    let failed: unknown;
    this.#ended = new Promise((resolve) => {
      child.once("error", (error) => {
        failed = error;
        resolve();
      });
      child.once("exit", () => resolve());
    });
    const giveUpAt = performance.now() + startMs;
    while (!(await this.options.isReady())) {
      const over = failed !== undefined || child.exitCode !== null || child.signalCode !== null;
      if (over || performance.now() > giveUpAt) {
        await this.kill();
        throw new PssrError("UNAVAILABLE", `${command} did not start: ${this.#log}`, { cause: failed });
      }
      await new Promise((resolve) => setTimeout(resolve, askAgainMs));
    }
  }

  async stop(): Promise<void> {
    this.#child?.kill("SIGTERM");
    this.thaw(); // a frozen one would never hear it
    await this.#ended;
  }

  async kill(): Promise<void> {
    this.#child?.kill("SIGKILL");
    await this.#ended;
  }

  freeze(): void {
    this.#child?.kill("SIGSTOP");
  }

  thaw(): void {
    this.#child?.kill("SIGCONT");
  }
}
