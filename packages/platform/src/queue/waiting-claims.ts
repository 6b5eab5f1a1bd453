/** Those who wait for a job, in the order in which they came; each may leave at any moment. */
import type { Abortable } from "../abortable.js";
import type { Claim } from "./work-queue.js";

interface Waiter {
  resolve(claim: Claim): void;
  reject(error: unknown): void;
}

export class WaitingClaims {
  readonly #waiters = new Set<Waiter>();

  get size(): number {
    return this.#waiters.size;
  }

  /** Waits until a claim is given or all fail; rejects with the signal's reason once that is aborted. */
  wait({ signal }: Abortable): Promise<Claim> {
    return new Promise<Claim>((resolve, reject) => {
      const leave = (): void => {
        this.#waiters.delete(waiter);
        signal?.removeEventListener("abort", abort);
      };
      const waiter: Waiter = {
        resolve: (claim) => {
          leave();
          resolve(claim);
        },
        reject: (error) => {
          leave();
          reject(error);
        },
      };
      const abort = (): void => waiter.reject(signal?.reason);
      this.#waiters.add(waiter);
      if (signal?.aborted) abort();
      else signal?.addEventListener("abort", abort, { once: true });
    });
  }

  /** To the first who waits; false where nobody does, and then the claim is not made. */
  give(claim: () => Claim): boolean {
    const [waiter] = this.#waiters;
    waiter?.resolve(claim());
    return waiter !== undefined;
  }

  /** The first who waits fails; false where nobody does. */
  fail(error: unknown): boolean {
    const [waiter] = this.#waiters;
    waiter?.reject(error);
    return waiter !== undefined;
  }

  failAll(error: unknown): void {
    while (this.fail(error));
  }
}
