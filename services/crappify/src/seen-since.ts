/**
 * How long we have seen things as they are, on a clock that cannot jump: what tidying up asks before it removes anything. The
 * times of day that things carry were written by other machines, whose clocks may be off, as may ours: a machine whose clock is
 * a day ahead would otherwise take all that there is for a day old.
 */
import { type Clock, systemClock } from "@pssr/platform";

/** How long we must have seen what we remove, unchanged and on our own clock. */
export const leastSeenMs = 600_000;

interface Sighting {
  revision: bigint | number;
  sinceMs: number;
}

export interface LookedAt {
  /** What it is called, whatever it says. */
  key: string;
  /** Another one for everything else that stands under the key. */
  revision: bigint | number;
  /** Milliseconds since 1970, by whichever clock. */
  writtenMs: number;
}

/** One look at all there is. What was not looked at is forgotten when the round ends; a round that breaks off forgets nothing. */
export interface Round {
  /**
   * Whether a thing is older than `lifetimeMs`. Never before it was seen unchanged for ten minutes (or its lifetime, where that
   * is shorter); and what a clock that was ahead dated into the future is as old as we have seen it.
   */
  isOlder(thing: LookedAt, lifetimeMs: number): boolean;
  end(): void;
}

export class SeenSince {
  #known = new Map<string, Sighting>();

  /** @param most Things remembered at a time: what is beyond them waits until some of them have gone. */
  constructor(
    private readonly clock: Clock = systemClock,
    private readonly most = 100_000,
  ) {}

  begin(): Round {
    const seen = new Map<string, Sighting>();
    return {
      isOlder: ({ key, revision, writtenMs }, lifetimeMs) => {
        const nowMs = this.clock.monotonic();
        const known = this.#known.get(key);
        const sighting = known?.revision === revision ? known : { revision, sinceMs: nowMs };
        if (seen.size < this.most) seen.set(key, sighting);
        const seenMs = nowMs - sighting.sinceMs;
        if (seenMs < Math.min(leastSeenMs, lifetimeMs)) return false;
        return Math.max(this.clock.now() - writtenMs, seenMs) > lifetimeMs;
      },
      end: () => {
        this.#known = seen;
      },
    };
  }
}
