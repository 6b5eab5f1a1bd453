/**
 * Jobs in JetStream work-queue streams, one a kind. A stream holds at most one message of a job's subject, so publishing a
 * job that waits or is at work changes nothing, however late the second publish comes.
 */
import type { Consumer, JsMsg } from "@nats-io/jetstream";
import { PssrError } from "@pssr/api";
import type { Abortable } from "../abortable.js";
import { declareConsumer, declareStream, jobSubject, jobsConsumer, jobsStream } from "../nats/declarations.js";
import { Declared } from "../nats/declared.js";
import type { NatsConnection } from "../nats/nats-connection.js";
import { isSubjectFull, toNatsError } from "../nats/nats-error.js";
import { fromTokens } from "../nats/subjects.js";
import { traceHeaders, traceOf } from "../nats/trace-headers.js";
import { WaitingClaims } from "./waiting-claims.js";
import type { Claim, WorkQueue } from "./work-queue.js";

export interface NatsWorkQueueOptions {
  /** How long a claim holds without a heartbeat, milliseconds. Default 10,000: within it a dead worker's job is taken over. */
  visibilityMs?: number;
  /** Errors that no caller can be told. */
  report(error: unknown, doing: string): void;
}

/** A request for a job is made anew after so long: a server that was restarted has forgotten the old one. */
const pullMs = 5_000;

interface Line {
  waiters: WaitingClaims;
  /** Requests under way; as many as waiters, or more where waiters have left. */
  pulls: number;
}

export class NatsWorkQueue implements WorkQueue {
  readonly #consumers = new Map<string, Declared<Consumer>>();
  readonly #lines = new Map<string, Line>();
  readonly #visibilityMs: number;
  readonly #report: NatsWorkQueueOptions["report"];
  #closed = false;

  constructor(
    private readonly nats: NatsConnection,
    { visibilityMs = 10_000, report }: NatsWorkQueueOptions,
  ) {
    this.#visibilityMs = visibilityMs;
    this.#report = report;
  }

  async publish(kind: string, jobId: string, payload: Uint8Array, { signal }: Abortable = {}): Promise<void> {
    this.#check();
    const consumer = this.#consumer(kind);
    await consumer.get({ signal });
    const own = traceHeaders();
    await this.nats.request(
      `publishing job ${jobId}`,
      async () => {
        try {
          await this.nats.jetstream.publish(jobSubject(this.nats, kind, jobId), payload, { headers: own });
        } catch (error) {
          if (isSubjectFull(error)) return;
          consumer.forget();
          throw error;
        }
      },
      { signal },
    );
  }

  async claim(kind: string, { signal }: Abortable = {}): Promise<Claim> {
    signal?.throwIfAborted();
    this.#check();
    let line = this.#lines.get(kind);
    if (line === undefined) {
      line = { waiters: new WaitingClaims(), pulls: 0 };
      this.#lines.set(kind, line);
    }
    const claim = line.waiters.wait({ signal });
    if (line.pulls < line.waiters.size) void this.#pull(kind, line);
    return claim;
  }

  /** Waiting claims fail with UNAVAILABLE; a job that still comes goes back at once. */
  close(): void {
    this.#closed = true;
    for (const { waiters } of this.#lines.values()) waiters.failAll(closed());
  }

  #check(): void {
    if (this.#closed) throw closed();
  }

  /** One request for a job after another for as long as somebody waits. A job that comes too late for him goes back. */
  async #pull(kind: string, line: Line): Promise<void> {
    line.pulls += 1;
    try {
      while (line.waiters.size >= line.pulls) {
        const message = await this.#next(kind);
        if (message === undefined) continue;
        if (!line.waiters.give(() => this.#claimOf(kind, message))) message.nak();
        return;
      }
    } catch (error) {
      if (!line.waiters.fail(error) && !this.#closed) this.#report(error, `asking for ${kind} jobs`);
    } finally {
      line.pulls -= 1;
      if (line.waiters.size > line.pulls) void this.#pull(kind, line);
    }
  }

  async #next(kind: string): Promise<JsMsg | undefined> {
    const broken = await this.nats.standing();
    const consumer = this.#consumer(kind);
    const began = performance.now();
    try {
      const message = await (await consumer.get()).next({ expires: pullMs });
      if (message !== null) return message;
      // The server would have waited: it has refused, or lost what we ask.
      if (performance.now() - began < pullMs / 2) throw new Error("the request ended before its time");
      return undefined;
    } catch (error) {
      if (broken.aborted) return undefined; // asked again once a connection stands
      consumer.forget();
      throw toNatsError(error, `asking for ${kind} jobs`);
    }
  }

  /** The consumer of a kind, declared with its stream. */
  #consumer(kind: string): Declared<Consumer> {
    let consumer = this.#consumers.get(kind);
    if (consumer === undefined) {
      consumer = new Declared(this.nats, () => this.#declare(kind));
      this.#consumers.set(kind, consumer);
    }
    return consumer;
  }

  async #declare(kind: string): Promise<Consumer> {
    const stream = jobsStream(this.nats, kind);
    const consumer = jobsConsumer(this.#visibilityMs);
    await declareStream(this.nats, stream);
    await declareConsumer(this.nats, stream, consumer);
    return this.nats.request(`opening the queue of ${kind}`, () =>
      this.nats.jetstream.consumers.get(stream.name, consumer.durable_name),
    );
  }

  #claimOf(kind: string, message: JsMsg): Claim {
    const root = jobSubject(this.nats, kind, "");
    const visibilityMs = this.#visibilityMs;
    let heldUntil = performance.now() + visibilityMs;
    // After its time the message may be another's, and what we say of it would count against him.
    const holds = (): boolean => performance.now() < heldUntil;
    let ended = false;
    const { nats } = this;
    const claim: Claim = {
      kind,
      jobId: fromTokens(message.subject.slice(root.length)),
      payload: new Uint8Array(message.data),
      trace: traceOf(message.headers),
      async heartbeat({ signal } = {}) {
        signal?.throwIfAborted();
        if (ended || !holds()) return;
        if (!nats.connected) throw new PssrError("UNAVAILABLE", `no connection to NATS to hold job ${claim.jobId}`);
        message.working();
        heldUntil = performance.now() + visibilityMs;
      },
      async ack({ signal } = {}) {
        if (ended || !holds()) return;
        ended = true;
        await nats.request(`acknowledging job ${claim.jobId}`, () => message.ackAck(), { signal });
      },
      async giveBack(delayMs, { signal } = {}) {
        signal?.throwIfAborted();
        if (ended || !holds()) return;
        if (!nats.connected)
          throw new PssrError("UNAVAILABLE", `no connection to NATS to give job ${claim.jobId} back`);
        ended = true;
        // NATS takes whole numbers alone, and delivers at once what it does not understand.
        message.nak(Math.ceil(delayMs));
      },
    };
    return claim;
  }
}

function closed(): PssrError {
  return new PssrError("UNAVAILABLE", "the work queue is closed");
}
