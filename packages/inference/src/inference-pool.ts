/**
 * Runs ONNX models in worker threads, so that the event loop stays free. Threads start with the first request; each holds a
 * few models; requests wait in one bounded queue; a thread that dies is replaced and its request tried once more.
 *
 *     const pool = new InferencePool();
 *     const output = await pool.run({ digest, load: () => readFile("model.onnx") }, { shape: [1, 1, 128, 128], data }, { signal });
 *     await pool.close();
 */
import { setMaxListeners } from "node:events";
import { availableParallelism } from "node:os";
import { isPssrError, PssrError } from "@pssr/api";
import { OrtThread, ThreadDied } from "./ort-thread.js";
import type { InferenceProvider, WorkerSettings } from "./worker-protocol.js";

export interface InferencePoolOptions {
  /**
   * Threads that run a request each. Default 2 (1 on a single core). On two cores, `compact`, tiles of 128²: two workers of
   * one core take 39 ms a tile, one worker of two cores 49 ms (at 256² they are equal); a lone request takes 84 and 48 ms.
   * So choose 1 where the delay of one frame matters more than the rate.
   */
  workers?: number;
  /** Cores that one request uses. Default: the machine's, shared out among the workers. */
  threadsPerWorker?: number;
  /** Default "cpu". With "cuda", what the GPU cannot do runs on the processor. */
  provider?: InferenceProvider;
  /** Requests that may wait. Default 64. */
  maxQueued?: number;
  /** Models that a worker keeps loaded. Default 4. */
  modelsPerWorker?: number;
}

export interface ModelSource {
  /** What tells models apart: the SHA-256 of the ONNX file. */
  readonly digest: string;
  /** Reads the ONNX file. Called when a worker does not hold the model yet. */
  load(options: { signal: AbortSignal }): Promise<Uint8Array>;
}

export interface PixelTensor {
  /** [n, channels, height, width] */
  readonly shape: readonly number[];
  /** In C order, in network units. */
  readonly data: Float32Array;
}

interface Job {
  readonly model: ModelSource;
  readonly input: PixelTensor;
  /** Aborted by the caller or by the pool's end, with the error to show. */
  readonly controller: AbortController;
  readonly resolve: (output: PixelTensor) => void;
  readonly reject: (error: unknown) => void;
  triesLeft: number;
}

interface Slot {
  thread: OrtThread | undefined;
  busy: boolean;
}

export class InferencePool {
  readonly #settings: WorkerSettings;
  readonly #maxQueued: number;
  readonly #modelsPerWorker: number;
  readonly #slots: Slot[];
  /** All requests without an answer; those in the queue among them. */
  readonly #jobs = new Set<Job>();
  readonly #queue: Job[] = [];
  #closed: Promise<void> | undefined;

  /** Throws `INVALID_CONFIGURATION` for numbers below 1. */
  constructor(options: InferencePoolOptions = {}) {
    const workers = atLeastOne("workers", options.workers ?? Math.min(2, availableParallelism()));
    const share = Math.max(1, Math.floor(availableParallelism() / workers));
    this.#settings = {
      threads: atLeastOne("threadsPerWorker", options.threadsPerWorker ?? share),
      provider: options.provider ?? "cpu",
    };
    this.#maxQueued = atLeastOne("maxQueued", options.maxQueued ?? 64);
    this.#modelsPerWorker = atLeastOne("modelsPerWorker", options.modelsPerWorker ?? 4);
    this.#slots = Array.from({ length: workers }, () => ({ thread: undefined, busy: false }));
  }

  /** Requests that are computed at once; a caller with many tiles keeps a few more under way. */
  get workers(): number {
    return this.#slots.length;
  }

  /**
   * The model's one output for its one input, both float32 with four axes. An abort takes effect at once; what is being
   * computed then ends unseen. Throws `LIMIT_EXCEEDED` when the queue is full, `CANCELLED` (or the signal's own PssrError),
   * `SHAPE_MISMATCH`, `INVALID_MODEL`, `NATIVE_LIBRARY_MISSING`, `WORKER_CRASHED`, and whatever `model.load` throws.
   */
  async run(model: ModelSource, input: PixelTensor, { signal }: { signal?: AbortSignal } = {}): Promise<PixelTensor> {
    checkInput(input);
    if (signal?.aborted) throw cancelled(signal);
    if (this.#closed !== undefined) throw shutDown();
    if (this.#queue.length >= this.#maxQueued) {
      const waiting = this.#queue.length;
      throw new PssrError("LIMIT_EXCEEDED", `${waiting} requests are waiting for inference already; try again later`);
    }
    const { promise, resolve, reject } = withResolvers<PixelTensor>();
    const job: Job = { model, input, controller: new AbortController(), resolve, reject, triesLeft: 2 };
    const abort = () => this.#cancel(job, cancelled(signal!));
    if (signal !== undefined) {
      // One signal may stand for all tiles of an image; as many listeners as requests is no leak.
      setMaxListeners(0, signal);
      signal.addEventListener("abort", abort, { once: true });
    }
    this.#jobs.add(job);
    this.#queue.push(job);
    this.#dispatch();
    try {
      return await promise;
    } finally {
      this.#jobs.delete(job);
      signal?.removeEventListener("abort", abort);
    }
  }

  /** Ends all requests with `CANCELLED` and all threads, each after the tile it computes. */
  close(): Promise<void> {
    this.#closed ??= this.#end();
    return this.#closed;
  }

  async #end(): Promise<void> {
    for (const job of this.#jobs) this.#cancel(job, shutDown());
    await Promise.all(this.#slots.map((slot) => slot.thread?.close()));
  }

  #cancel(job: Job, error: PssrError): void {
    const waiting = this.#queue.indexOf(job);
    if (waiting !== -1) this.#queue.splice(waiting, 1);
    job.controller.abort(error);
    job.reject(error);
  }

  #dispatch(): void {
    for (;;) {
      const [job] = this.#queue;
      const idle = this.#slots.filter((slot) => !slot.busy);
      const slot = job && (idle.find(({ thread }) => thread?.holds(job.model.digest)) ?? idle[0]);
      if (slot === undefined) return;
      this.#queue.shift();
      void this.#serve(slot, job!);
    }
  }

  async #serve(slot: Slot, job: Job): Promise<void> {
    slot.busy = true;
    job.triesLeft--;
    try {
      if (slot.thread === undefined || slot.thread.dead) {
        slot.thread = new OrtThread(this.#settings, this.#modelsPerWorker);
      }
      job.resolve(await slot.thread.run(job.model, job.input, { signal: job.controller.signal }));
    } catch (error) {
      if (!(error instanceof ThreadDied)) job.reject(error);
      else if (job.triesLeft > 0 && !job.controller.signal.aborted) this.#queue.unshift(job);
      else job.reject(new PssrError("WORKER_CRASHED", `${error.message}, twice for one request`, { cause: error }));
    }
    slot.busy = false;
    this.#dispatch();
  }
}

function checkInput({ shape, data }: PixelTensor): void {
  const valid = shape.length === 4 && shape.every((side) => Number.isSafeInteger(side) && side > 0);
  if (!valid || shape.reduce((product, side) => product * side, 1) !== data.length) {
    const found = `shape [${shape.join(", ")}] with ${data.length} numbers`;
    throw new PssrError("SHAPE_MISMATCH", `${found}; expected [n, channels, height, width] and as many numbers`);
  }
}

function cancelled(signal: AbortSignal): PssrError {
  if (isPssrError(signal.reason)) return signal.reason;
  return new PssrError("CANCELLED", "the inference was cancelled", { cause: signal.reason });
}

function shutDown(): PssrError {
  return new PssrError("CANCELLED", "inference is shutting down");
}

function atLeastOne(name: string, value: number): number {
  if (!Number.isSafeInteger(value) || value < 1) {
    throw new PssrError("INVALID_CONFIGURATION", `${name}: ${value}; use a whole number of at least 1`, {
      field: name,
    });
  }
  return value;
}

/** `Promise.withResolvers`, which Node 20 lacks. */
function withResolvers<T>(): { promise: Promise<T>; resolve(value: T): void; reject(error: unknown): void } {
  let resolve!: (value: T) => void;
  let reject!: (error: unknown) => void;
  const promise = new Promise<T>((onValue, onError) => {
    resolve = onValue;
    reject = onError;
  });
  return { promise, resolve, reject };
}
