/**
 * A queue that delivers each job several times: to several workers at once, and once more after its first acknowledgement. Real
 * queues promise at least once; this one makes the most of it.
 */
import type { Claim, WorkQueue } from "@pssr/platform";

export class DuplicatingQueue implements WorkQueue {
  deliveries = 0;
  readonly #waiting = new Set<string>();
  readonly #late = new Set<string>();
  #idle: (() => void) | undefined;

  constructor(
    private readonly queue: WorkQueue,
    private readonly copies: number,
  ) {}

  /** Resolves once every copy has been acknowledged. */
  async idle(): Promise<void> {
    if (this.#waiting.size === 0) return;
    await new Promise<void>((resolve) => {
      this.#idle = resolve;
    });
  }

  async publish(kind: string, jobId: string, payload: Uint8Array): Promise<void> {
    for (let copy = 1; copy <= this.copies; copy++) await this.#put(kind, `${jobId}/copy-${copy}`, payload);
  }

  async #put(kind: string, copyId: string, payload: Uint8Array): Promise<void> {
    this.#waiting.add(copyId);
    await this.queue.publish(kind, copyId, payload);
  }

  async claim(...call: Parameters<WorkQueue["claim"]>): Promise<Claim> {
    const claim = await this.queue.claim(...call);
    this.deliveries += 1;
    const { kind, jobId: copyId, payload, trace } = claim;
    const jobId = copyId.slice(0, copyId.lastIndexOf("/"));
    return {
      kind,
      jobId,
      payload,
      trace,
      heartbeat: (...options) => claim.heartbeat(...options),
      giveBack: (...options) => claim.giveBack(...options),
      ack: async (...options) => {
        if (!this.#late.has(jobId)) {
          this.#late.add(jobId);
          await this.#put(kind, `${jobId}/late`, payload);
        }
        await claim.ack(...options);
        this.#waiting.delete(copyId);
        if (this.#waiting.size === 0) this.#idle?.();
      },
    };
  }
}
