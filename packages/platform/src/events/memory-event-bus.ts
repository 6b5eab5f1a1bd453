/** Events within one process. Remembers the last event of the subjects most recently written, up to a fixed number. */
import type { Abortable } from "../abortable.js";
import { checkStateKey, checkStatePrefix } from "../state/state-key.js";
import { ConflatedQueue } from "./conflated-queue.js";
import { type BusEvent, checkEvent, type EventBus } from "./event-bus.js";

export interface MemoryEventBusOptions {
  /** How many subjects' last events are kept for replay. Default 10,000. */
  remembered?: number;
}

export class MemoryEventBus implements EventBus {
  readonly #last = new Map<string, BusEvent>();
  readonly #subscribers = new Set<{ prefix: string; queue: ConflatedQueue<string, BusEvent> }>();
  readonly #remembered: number;

  constructor({ remembered = 10_000 }: MemoryEventBusOptions = {}) {
    this.#remembered = remembered;
  }

  async publish(subject: string, data: Uint8Array, { signal }: Abortable = {}): Promise<void> {
    checkStateKey(subject);
    signal?.throwIfAborted();
    checkEvent(subject, data);
    const event = { subject, data: new Uint8Array(data) };
    this.#last.delete(subject);
    this.#last.set(subject, event);
    for (const oldest of this.#last.keys()) {
      if (this.#last.size <= this.#remembered) break;
      this.#last.delete(oldest);
    }
    for (const { prefix, queue } of this.#subscribers) {
      if (subject.startsWith(prefix)) queue.put(subject, event);
    }
  }

  subscribe(prefix: string, { signal }: Abortable = {}): AsyncIterable<BusEvent> {
    checkStatePrefix(prefix);
    const subscriber = {
      prefix,
      queue: new ConflatedQueue<string, BusEvent>(signal, () => this.#subscribers.delete(subscriber)),
    };
    if (!(signal?.aborted ?? false)) this.#subscribers.add(subscriber);
    for (const event of this.#last.values()) {
      if (event.subject.startsWith(prefix)) subscriber.queue.put(event.subject, event);
    }
    return subscriber.queue;
  }
}
