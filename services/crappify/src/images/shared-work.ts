/** Work that several callers want at once is done once; it is given up when the last of them has left. */
import type { Abortable } from "@pssr/platform";

interface Shared<Result> {
  result: Promise<Result>;
  stop: AbortController;
  waiting: number;
}

export class SharedWork<Result> {
  readonly #underWay = new Map<string, Shared<Result>>();

  /** Joins the work under way for `key`, or begins it. Rejects with the signal's reason once that is aborted. */
  async run(
    key: string,
    work: (options: { signal: AbortSignal }) => Promise<Result>,
    { signal }: Abortable,
  ): Promise<Result> {
    signal?.throwIfAborted();
    const shared = this.#underWay.get(key) ?? this.#begin(key, work);
    shared.waiting++;
    let leave: (() => void) | undefined;
    const left = new Promise<never>((_, reject) => {
      leave = () => reject(signal?.reason);
      signal?.addEventListener("abort", leave, { once: true });
    });
    try {
      return await Promise.race([shared.result, left]);
    } finally {
      if (leave) signal?.removeEventListener("abort", leave);
      if (--shared.waiting === 0) {
        shared.stop.abort();
        if (this.#underWay.get(key) === shared) this.#underWay.delete(key);
      }
    }
  }

  #begin(key: string, work: (options: { signal: AbortSignal }) => Promise<Result>): Shared<Result> {
    const stop = new AbortController();
    const result = work({ signal: stop.signal });
    // Whoever waits sees its error; when all have left, nobody is to hear of the abort.
    result.catch(() => undefined);
    const shared = { result, stop, waiting: 0 };
    this.#underWay.set(key, shared);
    return shared;
  }
}
