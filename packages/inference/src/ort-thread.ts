/**
 * One worker thread with its models, seen from the main thread. It decides which models the thread holds (the least
 * recently used one goes first) and turns the thread's death into an error.
 */
import { Worker } from "node:worker_threads";
import { PssrError } from "@pssr/api";
import type { ModelSource, PixelTensor } from "./inference-pool.js";
import type { Request, Response, WorkerSettings } from "./worker-protocol.js";

/** The thread died with a request under way. The request may be tried elsewhere. */
export class ThreadDied extends Error {
  override readonly name = "ThreadDied";
}

export class OrtThread {
  readonly #worker: Worker;
  readonly #exited: Promise<void>;
  readonly #maxModels: number;
  /** In order of use, the latest last. */
  readonly #models = new Set<string>();
  #waiting: { resolve(response: Response): void; reject(error: Error): void } | undefined;
  #death: ThreadDied | undefined;

  constructor(settings: WorkerSettings, maxModels: number) {
    this.#maxModels = maxModels;
    // The runtime tells its maker how it is used, unless this says no when it is loaded. It reads the environment of the
    // process, of which a worker thread has but a copy.
    process.env.ORT_DISABLE_TELEMETRY ??= "1";
    this.#worker = new Worker(new URL("./ort-worker.js", import.meta.url), { workerData: settings });
    this.#worker.on("message", (response: Response) => {
      this.#waiting?.resolve(response);
      this.#waiting = undefined;
    });
    this.#worker.on("error", (error) => this.#die(`an inference thread failed: ${String(error)}`, error));
    this.#exited = new Promise((resolve) => {
      this.#worker.once("exit", (code) => {
        this.#die(`an inference thread ended with code ${code}`);
        resolve();
      });
    });
  }

  get dead(): boolean {
    return this.#death !== undefined;
  }

  holds(digest: string): boolean {
    return this.#models.has(digest);
  }

  /** One call at a time. Throws `ThreadDied`, the loader's error, or the worker's typed error. */
  async run(model: ModelSource, input: PixelTensor, { signal }: { signal: AbortSignal }): Promise<PixelTensor> {
    const { digest } = model;
    const bytes = this.#models.has(digest)
      ? undefined
      : compactView(await model.load({ signal }), (bytes) => new Uint8Array(bytes));
    signal.throwIfAborted();
    this.#models.delete(digest);
    const evict = [...this.#models].slice(0, Math.max(0, this.#models.size + 1 - this.#maxModels));
    for (const other of evict) this.#models.delete(other);
    const request: Request = {
      kind: "run",
      digest,
      evict,
      ...(bytes && { model: bytes }),
      shape: input.shape,
      data: compactView(input.data, (data) => new Float32Array(data)),
    };
    const response = await this.#ask(request);
    if (response.kind === "result" || response.modelHeld) this.#models.add(digest);
    if (response.kind === "failure") throw new PssrError(response.reason, response.message);
    return { shape: response.shape, data: response.data };
  }

  /** Ends the thread after what it is computing, which nothing can interrupt. */
  async close(): Promise<void> {
    this.#worker.postMessage({ kind: "close" } satisfies Request);
    await this.#exited;
  }

  #ask(request: Request): Promise<Response> {
    return new Promise((resolve, reject) => {
      if (this.#death !== undefined) {
        reject(this.#death);
        return;
      }
      this.#waiting = { resolve, reject };
      // The input is copied, not transferred: it stays the caller's, and a crash leaves it whole for a second try.
      this.#worker.postMessage(request);
    });
  }

  #die(message: string, cause?: unknown): void {
    this.#death ??= new ThreadDied(message, { cause });
    this.#waiting?.reject(this.#death);
    this.#waiting = undefined;
  }
}

/** Sending a view to a thread copies all of the memory under it; so a view of a part is copied out first. */
function compactView<A extends Uint8Array | Float32Array>(view: A, copy: (view: A) => A): A {
  return view.byteLength === view.buffer.byteLength ? view : copy(view);
}
