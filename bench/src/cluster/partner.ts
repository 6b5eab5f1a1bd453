/**
 * A program of this bench as a second process, and the messages between it and us. `partner.ts` is our side; the program's is
 * `process.send`, `process.on("message")`, and an end once its channel is closed.
 */
import { type ChildProcess, fork, type Serializable } from "node:child_process";
import { once } from "node:events";

export class Partner<M> {
  readonly #arrived: M[] = [];
  #wake: () => void = () => undefined;
  #over = false;

  private constructor(private readonly child: ChildProcess) {
    child.on("message", (message) => {
      this.#arrived.push(message as M);
      this.#wake();
    });
    child.once("exit", () => {
      this.#over = true;
      this.#wake();
    });
  }

  /** Starts `program` (a file beside this one) and waits for its first message, which says that it is ready. */
  static async start<M>(
    program: string,
    environment: Readonly<Record<string, string>>,
    args: readonly string[] = [],
  ): Promise<Partner<M>> {
    const child = fork(new URL(program, import.meta.url), args, {
      env: { ...process.env, ...environment },
      execArgv: ["--enable-source-maps"],
    });
    const partner = new Partner<M>(child);
    await partner.next();
    return partner;
  }

  /** Its next message, in their order. */
  async next(): Promise<M> {
    while (this.#arrived.length === 0) {
      if (this.#over) throw new Error(`a process of the bench has ended with ${this.child.exitCode ?? "a signal"}`);
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    return this.#arrived.shift()!;
  }

  send(message: Serializable): void {
    this.child.send(message);
  }

  /** kill -9; gives the moment before. */
  kill(now: () => number): number {
    const at = now();
    this.child.kill("SIGKILL");
    return at;
  }

  /** Lets it end in an orderly way. */
  async end(): Promise<void> {
    if (this.#over) return;
    const ended = once(this.child, "exit");
    this.child.disconnect();
    await ended;
  }
}
