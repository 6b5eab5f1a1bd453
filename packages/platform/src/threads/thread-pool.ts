/**
 * Worker threads for what would hold up the event loop. Threads start when they are first needed, tasks wait in order, and a
 * thread that dies takes only its own tasks with it.
 *
 *     const pool = new ThreadPool<Task, Result>({ script: new URL("./pair-thread.js", import.meta.url), threads: 2 });
 *     const result = await pool.run(task, { signal });
 */
import { type Transferable, Worker } from "node:worker_threads";
import { PssrError } from "@pssr/api";
import type { Abortable } from "../abortable.js";
import { type FromThread, fromPlainError, type ToThread, threadItself, toPlainError } from "./thread-messages.js";

export interface ThreadPoolOptions {
  /** The compiled script of the threads; it calls `serveThread`. */
  script: URL;
  /** For error messages: "crappify". */
  name: string;
  /** Threads at most, 1 or more. */
  threads: number;
  /** Tasks that one thread works at in turns, for tasks that wait for bytes now and then. Default 1. */
  tasksPerThread?: number;
  /** What each thread finds as its `workerData`. */
  workerData?: unknown;
  /** Answers what threads ask for themselves (`askFromThread`); aborted when the pool closes. */
  answer?: Answer;
}

export type Answer = (
  question: unknown,
  options: Abortable,
) => Promise<{ value: unknown; transfer?: readonly Transferable[] }>;

export interface RunOptions extends Abortable {
  /** Buffers to hand over to the thread without a copy. */
  transfer?: readonly Transferable[];
  /** Answers what the task asks. What it rejects with, the task sees. */
  answer?: Answer;
}

interface Job {
  id: number;
  task: unknown;
  options: RunOptions;
  thread: Thread | undefined;
  /** Whether its caller has its outcome; the thread may still be at work on it. */
  isSettled: boolean;
  settle(outcome: { value: unknown } | { error: unknown }): void;
}

interface Thread {
  worker: Worker;
  /** By their places. */
  jobs: (Job | undefined)[];
  /** 1 at the places of jobs that are given up. */
  givenUp: Int32Array;
}

export class ThreadPool<Task, Result> implements AsyncDisposable {
  readonly #options: ThreadPoolOptions;
  readonly #threads = new Set<Thread>();
  readonly #waiting = new Set<Job>();
  #lastId = 0;
  readonly #closing = new AbortController();

  constructor(options: ThreadPoolOptions) {
    this.#options = options;
  }

  /** Tasks that wait for a thread. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** Tasks that threads work at, without those that were given up. */
  get running(): number {
    return this.#jobs().filter(({ isSettled }) => !isSettled).length;
  }

  /**
   * Has a task done. Rejects with what the thread threw, with the signal's reason once it is aborted (the thread is told, and the
   * task's place in it is taken until it has ended the task), with INTERNAL where the thread died, and with UNAVAILABLE once the pool is closed.
   */
  run(task: Task, options: RunOptions = {}): Promise<Result> {
    const { signal } = options;
    if (signal?.aborted) return Promise.reject(signal.reason);
    if (this.#closing.signal.aborted) return Promise.reject(this.#stopped());
    return new Promise<Result>((resolve, reject) => {
      const onAbort = () => {
        if (job.thread !== undefined) {
          Atomics.store(job.thread.givenUp, job.thread.jobs.indexOf(job), 1);
          this.#send(job.thread, { type: "cancel", id: job.id });
        }
        job.settle({ error: signal?.reason });
      };
      const job: Job = {
        id: ++this.#lastId,
        task,
        options,
        thread: undefined,
        isSettled: false,
        settle: (outcome) => {
          if (job.isSettled) return;
          job.isSettled = true;
          signal?.removeEventListener("abort", onAbort);
          this.#waiting.delete(job);
          if ("error" in outcome) reject(outcome.error);
          else resolve(outcome.value as Result);
        },
      };
      signal?.addEventListener("abort", onAbort, { once: true });
      this.#waiting.add(job);
      this.#dispatch();
    });
  }

  /** Ends the threads at once; tasks under way reject with UNAVAILABLE. */
  async close(): Promise<void> {
    this.#closing.abort(this.#stopped());
    for (const job of [...this.#waiting, ...this.#jobs()]) job.settle({ error: this.#stopped() });
    await Promise.all([...this.#threads].map(({ worker }) => worker.terminate()));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #jobs(): Job[] {
    return [...this.#threads].flatMap(({ jobs }) => jobs.filter((job) => job !== undefined));
  }

  #dispatch(): void {
    if (this.#closing.signal.aborted) return;
    for (const job of this.#waiting) {
      const thread = this.#freeThread();
      if (thread === undefined) return;
      this.#waiting.delete(job);
      const place = thread.jobs.indexOf(undefined);
      job.thread = thread;
      thread.jobs[place] = job;
      Atomics.store(thread.givenUp, place, 0);
      this.#send(thread, { type: "run", id: job.id, place, task: job.task }, job.options.transfer);
    }
  }

  /** The least busy thread that takes another task; a new one before a second task goes to one that is at work. */
  #freeThread(): Thread | undefined {
    // One that is at work on what nobody wants any more may hear of another task only after it.
    const load = ({ jobs }: Thread) =>
      jobs.reduce((sum, job) => sum + (job === undefined ? 0 : job.isSettled ? 2 : 1), 0);
    const [least] = [...this.#threads].sort((a, b) => load(a) - load(b));
    if (least !== undefined && load(least) === 0) return least;
    if (this.#threads.size < this.#options.threads) return this.#start();
    return least?.jobs.includes(undefined) ? least : undefined;
  }

  #start(): Thread {
    const { script, name, workerData, tasksPerThread = 1 } = this.#options;
    const worker = new Worker(script, { name, workerData });
    const givenUp = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT * tasksPerThread));
    const thread: Thread = { worker, jobs: Array(tasksPerThread).fill(undefined), givenUp };
    this.#threads.add(thread);
    this.#send(thread, { type: "begin", givenUp });
    let cause: unknown;
    worker.on("message", (message: FromThread) => this.#receive(thread, message));
    worker.on("error", (error) => {
      cause = error;
    });
    worker.on("exit", (code) => {
      this.#threads.delete(thread);
      const why = cause instanceof Error ? cause.message : `exit code ${code}`;
      const error = new PssrError("INTERNAL", `a thread of ${name} died (${why}); try again`, { cause });
      for (const job of thread.jobs) job?.settle({ error });
      this.#dispatch();
    });
    return thread;
  }

  #receive(thread: Thread, message: FromThread): void {
    if (message.type === "ask" && message.id === threadItself) {
      void this.#answer(thread, message, this.#options.answer, this.#closing.signal);
      return;
    }
    const job = thread.jobs.find((one) => one?.id === message.id);
    if (job === undefined) return; // the task has ended, and something that it left behind goes on
    if (message.type === "ask") {
      const { answer, signal } = job.options;
      if (!job.isSettled) void this.#answer(thread, message, answer, signal);
      return;
    }
    job.settle(message.type === "done" ? { value: message.value } : { error: fromPlainError(message.error) });
    thread.jobs[thread.jobs.indexOf(job)] = undefined;
    this.#dispatch();
  }

  async #answer(
    thread: Thread,
    { id, question, value: asked }: Extract<FromThread, { type: "ask" }>,
    answer: Answer | undefined,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    try {
      if (answer === undefined)
        throw new Error(`${this.#options.name}: there is nobody to answer this thread's questions`);
      const { value, transfer } = await answer(asked, { signal });
      this.#send(thread, { type: "answer", id, question, answer: value }, transfer);
    } catch (error) {
      this.#send(thread, { type: "refusal", id, question, error: toPlainError(error) });
    }
  }

  #send(thread: Thread, message: ToThread, transfer: readonly Transferable[] = []): void {
    thread.worker.postMessage(message, transfer);
  }

  #stopped(): PssrError {
    return new PssrError("UNAVAILABLE", `${this.#options.name} is stopping; try again later`);
  }
}
