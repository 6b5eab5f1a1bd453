/** Gives a promise up that takes too long. What becomes of it then is of interest to nobody any more. */

import { setMaxListeners } from "node:events";

export interface Limits {
  signal?: AbortSignal | undefined;
  /** Milliseconds. Default: none. */
  limitMs?: number | undefined;
}

/** Rejects with the signal's reason, or with a TimeoutError after `limitMs`. */
export function within<T>(promise: Promise<T>, { signal, limitMs }: Limits): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    let timer: NodeJS.Timeout | undefined;
    const end = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", abort);
    };
    const abort = (): void => {
      end();
      reject(signal?.reason);
    };
    if (signal?.aborted) {
      promise.catch(() => undefined); // given up before it began to count
      return abort();
    }
    // Any number of calls may share a signal; each leaves when it is done.
    if (signal !== undefined) setMaxListeners(0, signal);
    signal?.addEventListener("abort", abort, { once: true });
    if (limitMs !== undefined) {
      timer = setTimeout(() => {
        end();
        reject(new DOMException(`not done within ${limitMs} ms`, "TimeoutError"));
      }, limitMs);
    }
    promise.then(
      (value) => {
        end();
        resolve(value);
      },
      (error: unknown) => {
        end();
        reject(error);
      },
    );
  });
}
