/**
 * When a worker counts as dead: its record has not changed for the lease time, as we saw it on our own monotonic clock since we
 * last connected. No two machines' clocks are compared.
 */
import { randomUUID } from "node:crypto";
import type { Revision } from "../state/state-store.js";
import type { Clock } from "./clock.js";
import type { OperationIndex } from "./operation-index.js";
import type { IndexedRecord } from "./view.js";

/** Names this process among all that ever wrote into the store. */
const thisProcess = randomUUID();

export function newClaimant(): string {
  return `${thisProcess}/${randomUUID().slice(0, 8)}`;
}

export class Leases {
  constructor(
    private readonly index: OperationIndex,
    private readonly clock: Clock,
    /** No other process can be alive on this store. */
    private readonly exclusive: boolean,
  ) {}

  /** Milliseconds until the lease of a RUNNING record ends if it stays silent; 0 where it has ended. */
  remainingMs(stored: { key: string; record: IndexedRecord; revision: Revision }, leaseMs: number): number {
    if (this.exclusive && !stored.record.claimant.startsWith(`${thisProcess}/`)) return 0;
    const entry = this.index.get(stored.key);
    if (!this.index.isCurrent || entry === undefined || entry.revision !== stored.revision) return leaseMs;
    return Math.max(0, entry.unchangedSinceMs + leaseMs - this.clock.monotonic());
  }
}
