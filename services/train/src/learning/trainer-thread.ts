/**
 * A training in a thread of its own, seen from the host: feeds it batches, a bounded number ahead, and gives out what it
 * reports.
 *
 *     await using training = startTraining({ learning, batches, validation, signal });
 *     for await (const event of training.events) …
 */
import { SHARE_ENV, Worker } from "node:worker_threads";
import { PssrError } from "@pssr/api";
import { prepareEnvironment } from "./tensorflow.js";
import type { LearningSpec } from "./trainer.js";
import { type BatchSource, batchBuffers, type TrainingBatch } from "./training-batch.js";
import type { HostMessage, ThreadMessage, ThreadSpec, TrainingEvent } from "./training-events.js";

export interface TrainingOptions {
  readonly learning: LearningSpec;
  readonly batches: BatchSource;
  /** Goes on from here instead of from the start. */
  readonly checkpoint?: Uint8Array;
  readonly validation?: readonly TrainingBatch[];
  /** Batches on their way to the thread or waiting in it, at most. Default 4. */
  readonly prefetch?: number;
  /** Default 30. */
  readonly checkpointEverySeconds?: number;
  /** Default 60. */
  readonly validateEverySeconds?: number;
  /** Threads of one TensorFlow operation. Default: all processors. Holds for the whole process, from the first start on. */
  readonly threads?: number;
  /** Stops the training between two steps. */
  readonly signal: AbortSignal;
}

export interface Training extends AsyncDisposable {
  /**
   * What the training reports, for one reader; `finished` is the last. A reader that falls far behind halts the training.
   * Throws `CANCELLED` once the signal has stopped it, `TRAINING_DIVERGED`, `NATIVE_LIBRARY_MISSING`, `INVALID_MODEL` (of
   * a checkpoint), `INVALID_FIELD` and `SHAPE_MISMATCH` (of a batch), `UNAVAILABLE` when the batches end before the budget,
   * and whatever their source throws.
   */
  readonly events: AsyncIterable<TrainingEvent>;
  /** Asks for a `checkpoint` event after the step under way, even when the signal is aborted right after. */
  checkpointNow(): void;
}

/** Events that may lie unread before the training gets no further batches. */
const maxUnread = 64;

export function startTraining(options: TrainingOptions): Training {
  return new TrainingThread(options);
}

class TrainingThread implements Training {
  readonly events: AsyncIterable<TrainingEvent>;
  private readonly worker: Worker;
  private readonly exited: Promise<void>;
  private readonly unread: TrainingEvent[] = [];
  /** Ends the feeding of batches, together with the caller's signal. */
  private readonly feeding = new AbortController();
  private readonly prefetch: number;
  /** Batches sent and not yet taken. */
  private ahead = 0;
  private ending: { error?: unknown } | undefined;
  private changed: (() => void)[] = [];

  constructor(private readonly options: TrainingOptions) {
    const { learning, checkpoint, validation = [], threads, prefetch = 4 } = options;
    const { checkpointEverySeconds = 30, validateEverySeconds = 60 } = options;
    this.prefetch = Math.max(1, prefetch);
    const workerData: ThreadSpec = {
      learning,
      validation,
      checkpointEverySeconds,
      validateEverySeconds,
      ...(checkpoint === undefined ? {} : { checkpoint }),
      ...(threads === undefined ? {} : { threads }),
    };
    // Native code reads the process's environment, of which a worker has a copy unless it shares it.
    prepareEnvironment(threads === undefined ? {} : { threads });
    this.worker = new Worker(new URL("./trainer-worker.js", import.meta.url), { workerData, env: SHARE_ENV });
    this.worker.on("message", (message: ThreadMessage) => this.receive(message));
    this.worker.on("error", (error) => this.end({ error: crashed(error) }));
    this.exited = new Promise((resolve) => {
      this.worker.once("exit", (code) => {
        this.end({ error: crashed(`its thread ended with code ${code}`) });
        resolve();
      });
    });
    options.signal.addEventListener("abort", this.cancel, { once: true });
    if (options.signal.aborted) this.cancel();
    this.events = this.read();
  }

  checkpointNow(): void {
    this.send({ kind: "checkpoint" });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cancel();
    this.end({ error: cancelled() });
    await this.exited;
  }

  private readonly cancel = (): void => {
    this.feeding.abort();
    this.send({ kind: "cancel" });
    this.notify();
  };

  private receive(message: ThreadMessage): void {
    switch (message.kind) {
      case "ready":
        void this.feed(message.step);
        break;
      case "taken":
        this.ahead--;
        break;
      case "event":
        this.unread.push(message.event);
        if (message.event.kind === "finished") this.end({});
        break;
      case "cancelled":
        this.end({ error: cancelled() });
        break;
      case "failed": {
        const { reason, message: text, field } = message;
        this.end({ error: new PssrError(reason, text, field === undefined ? {} : { field }) });
      }
    }
    this.notify();
  }

  private async feed(fromStep: number): Promise<void> {
    const { signal } = this.feeding;
    try {
      for await (const batch of this.options.batches(fromStep, { signal })) {
        while (!signal.aborted && (this.ahead >= this.prefetch || this.unread.length >= maxUnread)) await this.change();
        if (signal.aborted) return;
        this.ahead++;
        this.send({ kind: "batch", batch }, batchBuffers(batch));
      }
      this.send({ kind: "end" });
    } catch (error) {
      if (signal.aborted) return;
      this.end({ error });
      this.send({ kind: "cancel" });
    }
  }

  private async *read(): AsyncGenerator<TrainingEvent, void> {
    for (;;) {
      const event = this.unread.shift();
      if (event !== undefined) {
        this.notify();
        yield event;
      } else if (this.ending === undefined) {
        await this.change();
      } else {
        await this.exited;
        if ("error" in this.ending) throw this.ending.error;
        return;
      }
    }
  }

  /** The first ending counts: what follows are its consequences. */
  private end(ending: { error?: unknown }): void {
    this.ending ??= ending;
    this.options.signal.removeEventListener("abort", this.cancel);
    this.feeding.abort();
    this.notify();
  }

  private send(message: HostMessage, transfer: ArrayBuffer[] = []): void {
    this.worker.postMessage(message, transfer);
  }

  private change(): Promise<void> {
    return new Promise((resolve) => this.changed.push(resolve));
  }

  private notify(): void {
    for (const resolve of this.changed.splice(0)) resolve();
  }
}

function cancelled(): PssrError {
  return new PssrError("CANCELLED", "the training was cancelled");
}

function crashed(cause: unknown): PssrError {
  return new PssrError("INTERNAL", `the training's thread broke off: ${String(cause)}`, { cause });
}
