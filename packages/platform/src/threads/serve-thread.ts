/**
 * The thread's side of a pool: the script of a worker thread ends with one call of `serveThread`.
 *
 *     serveThread<Task, Result>(async (task, { signal, ask }) => ({ value: await work(task) }));
 */
import { parentPort, type Transferable } from "node:worker_threads";
import { type FromThread, fromPlainError, type ToThread, threadItself, toPlainError } from "./thread-messages.js";

export interface ThreadTaskContext {
  /** Aborted when whoever asked for the task gives it up. */
  signal: AbortSignal;
  /** Throws once the task is given up, which one that gives the event loop no turn would hear too late otherwise. */
  throwIfGivenUp(): void;
  /** Asks the thread that runs the pool (its `answer`) and waits: for bytes it can fetch, or to hand over a piece of the result. */
  ask(question: unknown, transfer?: readonly Transferable[]): Promise<unknown>;
}

export interface ThreadResult<Result> {
  value: Result;
  /** Buffers to hand over without a copy; the thread must not touch them any more. */
  transfer?: readonly Transferable[];
}

interface Running {
  controller: AbortController;
  questions: Map<number, PromiseWithResolvers<unknown>>;
}

interface PromiseWithResolvers<T> {
  resolve: (value: T) => void;
  reject: (error: unknown) => void;
}

let askPool: ((question: unknown) => Promise<unknown>) | undefined;

/**
 * Asks the pool itself (its `answer`), on behalf of the thread and not of one task: for what several tasks share, such as bytes
 * for a cache, which must not fail because one of them was given up.
 */
export function askFromThread(question: unknown): Promise<unknown> {
  if (askPool === undefined) throw new Error("askFromThread belongs into a thread after its call of serveThread");
  return askPool(question);
}

/** Answers the pool's tasks, several at a time where the pool sends them so. Called once, in a worker thread. */
export function serveThread<Task, Result>(
  handle: (task: Task, context: ThreadTaskContext) => Promise<ThreadResult<Result>>,
): void {
  const port = parentPort;
  if (port === null) throw new Error("serveThread belongs into the script of a worker thread");
  const running = new Map<number, Running>();
  let lastQuestion = 0;
  const send = (message: FromThread, transfer: readonly Transferable[] = []) => port.postMessage(message, transfer);

  const ownQuestions: Running["questions"] = new Map();
  running.set(threadItself, { controller: new AbortController(), questions: ownQuestions });
  askPool = (value) =>
    new Promise<unknown>((resolve, reject) => {
      const question = ++lastQuestion;
      ownQuestions.set(question, { resolve, reject });
      send({ type: "ask", id: threadItself, question, value });
    });

  let givenUp: Int32Array | undefined;
  const run = async (id: number, place: number, task: Task) => {
    const controller = new AbortController();
    const throwIfGivenUp = () => {
      if (givenUp !== undefined && Atomics.load(givenUp, place) === 1) controller.abort();
      signal.throwIfAborted();
    };
    const { signal } = controller;
    const questions: Running["questions"] = new Map();
    running.set(id, { controller, questions });
    const ask = (value: unknown, transfer?: readonly Transferable[]) =>
      new Promise<unknown>((resolve, reject) => {
        signal.throwIfAborted();
        const question = ++lastQuestion;
        questions.set(question, { resolve, reject });
        send({ type: "ask", id, question, value }, transfer);
      });
    try {
      throwIfGivenUp();
      const { value, transfer } = await handle(task, { signal, throwIfGivenUp, ask });
      send({ type: "done", id, value }, transfer);
    } catch (error) {
      send({ type: "failed", id, error: toPlainError(error) });
    } finally {
      running.delete(id);
      // What it has left behind finds nobody to ask.
      controller.abort();
    }
  };

  port.on("message", (message: ToThread) => {
    if (message.type === "begin") {
      givenUp = message.givenUp;
      return;
    }
    if (message.type === "run") {
      void run(message.id, message.place, message.task as Task);
      return;
    }
    const task = running.get(message.id);
    if (task === undefined) return; // it ended meanwhile
    if (message.type === "cancel") {
      task.controller.abort();
      for (const { reject } of task.questions.values()) reject(task.controller.signal.reason);
      task.questions.clear();
      return;
    }
    const question = task.questions.get(message.question);
    task.questions.delete(message.question);
    if (message.type === "answer") question?.resolve(message.answer);
    else question?.reject(fromPlainError(message.error));
  });
}
