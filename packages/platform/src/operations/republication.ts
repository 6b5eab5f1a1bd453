/**
 * When a job that waits is queued again. Its message may be lost, so it must be; but where ten thousand jobs wait, asking for
 * all of them at every sweep would keep the queue busy with nothing else: so at once, and then ever more seldom.
 */
import type { Clock } from "./clock.js";
import type { IndexEntry } from "./operation-index.js";

const longestWaitMs = 300_000;

interface Told {
  /** What it was like then: after a change, or a new connection, it is told at once. */
  revision: bigint;
  unchangedSinceMs: number;
  waitMs: number;
  nextMs: number;
}

export class Republication {
  readonly #told = new Map<string, Told>();

  constructor(
    private readonly clock: Clock,
    private readonly firstWaitMs: number,
  ) {}

  isDue({ key, revision, unchangedSinceMs }: IndexEntry): boolean {
    const told = this.#told.get(key);
    if (told === undefined || told.revision !== revision || told.unchangedSinceMs !== unchangedSinceMs) return true;
    return this.clock.monotonic() >= told.nextMs;
  }

  /** It has been queued. */
  done({ key, revision, unchangedSinceMs }: IndexEntry): void {
    const told = this.#told.get(key);
    const again = told?.revision === revision && told.unchangedSinceMs === unchangedSinceMs;
    const waitMs = again ? Math.min(2 * told.waitMs, longestWaitMs) : this.firstWaitMs;
    this.#told.set(key, { revision, unchangedSinceMs, waitMs, nextMs: this.clock.monotonic() + waitMs });
  }

  /** Forgets those that need it no more. */
  keepOnly(isWaiting: (key: string) => boolean): void {
    for (const key of this.#told.keys()) if (!isWaiting(key)) this.#told.delete(key);
  }
}
