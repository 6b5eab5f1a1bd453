/** A work queue in which publishing is a span, as a child of which the job is worked on. */
import type { Abortable } from "../abortable.js";
import { inSpan } from "../telemetry/span.js";
import type { Claim, WorkQueue } from "./work-queue.js";

export class ObservedWorkQueue implements WorkQueue {
  constructor(private readonly queue: WorkQueue) {}

  publish(kind: string, jobId: string, payload: Uint8Array, options?: Abortable): Promise<void> {
    const attributes = {
      "messaging.operation.name": "publish",
      "messaging.destination.name": kind,
      "messaging.message.id": jobId,
    };
    return inSpan(`publish ${kind}`, { kind: "producer", attributes }, () =>
      this.queue.publish(kind, jobId, payload, options),
    );
  }

  claim(kind: string, options?: Abortable): Promise<Claim> {
    return this.queue.claim(kind, options);
  }
}
