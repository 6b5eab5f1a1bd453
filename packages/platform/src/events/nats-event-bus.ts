/** Events in a JetStream stream that remembers the last one of each subject. */
import { setTimeout as sleep } from "node:timers/promises";
import { PssrError } from "@pssr/api";
import type { Abortable } from "../abortable.js";
import { declareStream, eventsRoot, eventsStream } from "../nats/declarations.js";
import { Declared } from "../nats/declared.js";
import type { NatsConnection } from "../nats/nats-connection.js";
import { followSubjects } from "../nats/subject-feed.js";
import { fromTokens, subjectsUnder, toTokens } from "../nats/subjects.js";
import { traceHeaders } from "../nats/trace-headers.js";
import { checkStateKey, checkStatePrefix } from "../state/state-key.js";
import { within } from "../within.js";
import { ConflatedQueue } from "./conflated-queue.js";
import { type BusEvent, checkEvent, type EventBus } from "./event-bus.js";

const pauseAfterErrorMs = 250;

export class NatsEventBus implements EventBus {
  /** It lives in the server's memory: one that was restarted has lost it. */
  readonly #stream: Declared<void>;
  /** Of events whose answer has not come. */
  readonly #underWay = new Set<Promise<unknown>>();

  private constructor(
    private readonly nats: NatsConnection,
    private readonly report: (error: unknown, doing: string) => void,
  ) {
    this.#stream = new Declared(nats, () => declareStream(nats, eventsStream(nats)));
  }

  static async open(
    nats: NatsConnection,
    { report, signal }: Abortable & { report: (error: unknown, doing: string) => void },
  ): Promise<NatsEventBus> {
    const bus = new NatsEventBus(nats, report);
    await bus.#stream.get({ signal });
    return bus;
  }

  async publish(subject: string, data: Uint8Array, { signal }: Abortable = {}): Promise<void> {
    checkStateKey(subject);
    checkEvent(subject, data);
    signal?.throwIfAborted();
    // An event is worth nothing once it is late: it does not wait for a connection.
    if (!this.nats.connected) throw new PssrError("UNAVAILABLE", `no connection to NATS to tell of ${subject}`);
    const told = this.#publish(subject, data, signal);
    this.#underWay.add(told);
    await told.finally(() => this.#underWay.delete(told));
  }

  /** Before the connection is closed: waits for what is being told, for as long as the connection stands. */
  async close(): Promise<void> {
    if (!this.nats.connected) return;
    const broken = await this.nats.standing();
    await within(Promise.allSettled(this.#underWay), { signal: broken }).catch(() => undefined); // it broke: nothing is told
  }

  async #publish(subject: string, data: Uint8Array, signal: AbortSignal | undefined): Promise<void> {
    await this.#stream.get({ signal });
    const own = traceHeaders();
    try {
      await this.nats.request(
        `telling of ${subject}`,
        () => this.nats.jetstream.publish(`${eventsRoot(this.nats)}.${toTokens(subject)}`, data, { headers: own }),
        { signal },
      );
    } catch (error) {
      this.#stream.forget();
      throw error;
    }
  }

  subscribe(prefix: string, { signal }: Abortable = {}): AsyncIterable<BusEvent> {
    checkStatePrefix(prefix);
    const ended = new AbortController();
    const queue = new ConflatedQueue<string, BusEvent>(signal, () => ended.abort());
    if (!ended.signal.aborted) void this.#follow(prefix, queue, ended.signal);
    return queue;
  }

  async #follow(prefix: string, queue: ConflatedQueue<string, BusEvent>, signal: AbortSignal): Promise<void> {
    const rootLength = eventsRoot(this.nats).length + 1;
    while (!signal.aborted) {
      try {
        await this.nats.standing({ signal });
        await this.#stream.get({ signal });
        await followSubjects(this.nats, {
          stream: eventsStream(this.nats).name,
          subject: subjectsUnder(eventsRoot(this.nats), prefix),
          signal,
          onMessage: (message) => {
            const subject = fromTokens(message.subject.slice(rootLength));
            queue.put(subject, { subject, data: new Uint8Array(message.data) });
          },
          onCurrent: () => undefined,
        });
      } catch (error) {
        if (signal.aborted || this.nats.isClosed) return;
        this.report(error, `following the events under ${JSON.stringify(prefix)}`);
        await sleep(pauseAfterErrorMs * (1 + Math.random()), undefined, { signal }).catch(() => undefined); // ended
      }
    }
  }
}
