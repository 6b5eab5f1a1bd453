/**
 * Hands values from a fast writer to a slow reader in bounded memory: for each key only the last value waits. Used wherever
 * the present state matters and not the way to it.
 */
export class ConflatedQueue<K, V> implements AsyncIterable<V> {
  readonly #waiting = new Map<K, V>();
  #wake: (() => void) | undefined;
  #end: { error?: unknown } | undefined;
  #stop: (() => void) | undefined;

  /** Ends with the signal's reason once that is aborted; `onEnd` is called once, however it ends. */
  constructor(
    signal: AbortSignal | undefined,
    private readonly onEnd: () => void = () => undefined,
  ) {
    if (signal === undefined) return;
    const abort = (): void => this.#finish({ error: signal.reason }, true);
    if (signal.aborted) abort();
    else {
      signal.addEventListener("abort", abort, { once: true });
      this.#stop = () => signal.removeEventListener("abort", abort);
    }
  }

  /** A waiting value of the same key is replaced; with `last` the key moves behind all others. */
  put(key: K, value: V, place: "keep" | "last" = "keep"): void {
    if (this.#end !== undefined) return;
    if (place === "last") this.#waiting.delete(key);
    this.#waiting.set(key, value);
    this.#wake?.();
  }

  /** The reader gets what waits, then the end. */
  end(): void {
    this.#finish({}, false);
  }

  /** The reader gets the error instead of what waits. */
  fail(error: unknown): void {
    this.#finish({ error }, true);
  }

  #finish(end: { error?: unknown }, drop: boolean): void {
    if (this.#end !== undefined) return;
    this.#end = end;
    if (drop) this.#waiting.clear();
    this.#stop?.();
    this.onEnd();
    this.#wake?.();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<V> {
    try {
      for (;;) {
        for (const [key, value] of this.#waiting) {
          this.#waiting.delete(key);
          yield value;
        }
        if (this.#waiting.size > 0) continue;
        if (this.#end !== undefined) {
          if ("error" in this.#end) throw this.#end.error;
          return;
        }
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
        this.#wake = undefined;
      }
    } finally {
      this.#finish({}, true);
    }
  }
}
