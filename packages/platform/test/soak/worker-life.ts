/** One life of a worker process of a soak, as its driver sees it: what it is told, what is done to it, and what explains its silence. */
import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { Journal } from "./journal.js";
import type { Call, FromWorker, Orders, ToWorker } from "./worker-messages.js";

const program = fileURLToPath(new URL("worker-process.js", import.meta.url));

/** A worker that does not answer in this time is taken for lost by who asked. */
const answerMs = 15_000;
/** A worker that was asked to stop and then still is there has a fault. */
const stopMs = 20_000;

export interface Pause {
  fromMs: number;
  /** Undefined while it lasts. */
  toMs?: number;
  why: "frozen" | "away" | "stalled";
}

export interface End {
  code: number | null;
  signal: NodeJS.Signals | null;
  atMs: number;
}

/** A worker died, stopped, or said that it cannot: another may be asked. */
export class NoAnswer extends Error {}

export class WorkerLife {
  readonly #child: ChildProcess;
  readonly #calls = new Map<
    number,
    { resolve(value: unknown): void; reject(error: Error): void; timer: NodeJS.Timeout }
  >();
  readonly ended: Promise<End>;
  /** Never resolves where it ends before that. */
  readonly ready: Promise<void>;
  readonly #own: Pause[] = [];
  end: End | undefined;
  claimant: string | undefined;
  isReady = false;
  isFrozen = false;
  killedMs: number | undefined;
  stoppedMs: number | undefined;
  #callCount = 0;
  #tellReady: () => void = () => undefined;

  constructor(
    readonly number: number,
    readonly orders: Orders,
    private readonly journal: Journal,
    private readonly options: { execArgv: string[]; cuts: readonly Pause[] },
  ) {
    const { execArgv } = options;
    this.#child = spawn(process.execPath, [...execArgv, program], { stdio: ["ignore", "ignore", "pipe", "ipc"] });
    createInterface({ input: this.#child.stderr! }).on("line", (line) => journal.note(`${this}: ${line}`));
    this.#child.on("message", (message) => this.#hear(message as FromWorker));
    this.#child.on("error", (error) => journal.note(`${this}: ${error.message}`));
    this.ready = new Promise((resolve) => {
      this.#tellReady = resolve;
    });
    this.ended = new Promise((resolve) => {
      this.#child.once("exit", (code, signal) => {
        this.end = { code, signal, atMs: Date.now() };
        this.isReady = false;
        for (const { reject } of [...this.#calls.values()]) reject(new NoAnswer(`${this} is gone`));
        journal.note(`${this} ended with ${code ?? signal}`);
        resolve(this.end);
      });
    });
    this.#send({ type: "begin", orders });
  }

  toString(): string {
    return `worker ${this.number}`;
  }

  /** Why it was silent, apart from its end. */
  get pauses(): readonly Pause[] {
    return [...this.#own, ...this.options.cuts];
  }

  /** Whether it can be asked, and be hurt. */
  get isActive(): boolean {
    return this.isReady && !this.isFrozen && this.killedMs === undefined && this.stoppedMs === undefined;
  }

  /** What it answers; `NoAnswer` where that does not come. */
  call(call: Call): Promise<unknown> {
    const id = ++this.#callCount;
    return new Promise<unknown>((resolve, reject) => {
      const timer = setTimeout(() => reject(new NoAnswer(`${this} does not answer`)), answerMs);
      this.#calls.set(id, { resolve, reject, timer });
      if (this.end !== undefined) reject(new NoAnswer(`${this} is gone`));
      else this.#send({ type: "call", id, call });
    }).finally(() => {
      clearTimeout(this.#calls.get(id)?.timer);
      this.#calls.delete(id);
    });
  }

  kill(): void {
    this.journal.note(`${this}: kill -9`);
    this.killedMs = Date.now();
    this.#child.kill("SIGKILL");
  }

  /** Asks it to end. */
  stop(): void {
    this.journal.note(`${this}: SIGTERM`);
    this.stoppedMs = Date.now();
    this.#child.kill("SIGTERM");
    const timer = setTimeout(() => {
      this.journal.violation(`${this} has not ended ${stopMs} ms after SIGTERM`);
      this.kill();
    }, stopMs);
    void this.ended.then(() => clearTimeout(timer));
  }

  freeze(): void {
    this.journal.note(`${this}: SIGSTOP`);
    this.isFrozen = true;
    this.#own.push({ fromMs: Date.now(), why: "frozen" });
    this.#child.kill("SIGSTOP");
  }

  thaw(): void {
    if (!this.isFrozen) return;
    this.journal.note(`${this}: SIGCONT`);
    this.isFrozen = false;
    for (const pause of this.#own) if (pause.why === "frozen") pause.toMs ??= Date.now();
    this.#child.kill("SIGCONT");
  }

  #send(message: ToWorker): void {
    this.#child.send(message, () => undefined); // one that is gone is known by its end
  }

  #hear(message: FromWorker): void {
    switch (message.type) {
      case "claimant":
        this.claimant = message.claimant;
        break;
      case "ready":
        this.isReady = true;
        this.#tellReady();
        this.journal.note(`${this} is ready: ${this.claimant}`);
        break;
      case "stalled":
        this.#own.push({ fromMs: message.fromMs, toMs: message.toMs, why: "stalled" });
        this.journal.note(`${this} stalled for ${message.toMs - message.fromMs} ms: ${message.why}`);
        break;
      case "untyped":
        this.journal.violation(`${this} met an error without a reason: ${message.error}`);
        break;
      case "answer":
        this.#calls.get(message.id)?.resolve(message.value);
        break;
      case "refusal":
        this.#calls.get(message.id)?.reject(refusal(message));
        break;
    }
  }
}

function refusal({ reason, message }: { reason: string; message: string }): Error {
  return reason === "UNAVAILABLE" ? new NoAnswer(message) : new Error(`${reason}: ${message}`);
}
