/**
 * Messages of a child process in order, until it is gone; and how it went. Nothing slows a child whose messages are not read,
 * so it is for few and small ones: a training tells about 100 bytes a step and waits unread only while a checkpoint is stored.
 */
import type { ChildProcess } from "node:child_process";

const MOST_STDERR_CHARACTERS = 2_000;

export class ChildInbox<Message> implements AsyncIterable<Message> {
  /** Resolves when the process is gone and all it has sent is here. */
  readonly closed: Promise<void>;
  /** "exit code 1", "signal SIGKILL". */
  ending = "itself";
  #stderr = "";
  #messages: Message[] = [];
  #gone = false;
  #wake: () => void = () => undefined;

  constructor(child: ChildProcess) {
    child.on("message", (message) => {
      this.#messages.push(message as Message);
      this.#wake();
    });
    child.stderr?.on("data", (chunk: Buffer) => {
      this.#stderr = (this.#stderr + chunk.toString("utf8")).slice(-MOST_STDERR_CHARACTERS);
    });
    this.closed = new Promise((resolve) => {
      const gone = (ending: string) => {
        if (!this.#gone) this.ending = ending;
        this.#gone = true;
        this.#wake();
        resolve();
      };
      child.once("close", (code, signal) => gone(signal === null ? `exit code ${code}` : `signal ${signal}`));
      child.on("error", (error) => {
        // Also raised by a kill that fails; only a process that never began will not be closed.
        if (child.pid === undefined) gone(error.message);
      });
    });
  }

  /** The end of what the process wrote to its standard error. */
  get lastWords(): string {
    return this.#stderr.trim();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Message> {
    for (;;) {
      const message = this.#messages.shift();
      if (message !== undefined) yield message;
      else if (this.#gone) return;
      else
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
    }
  }
}
