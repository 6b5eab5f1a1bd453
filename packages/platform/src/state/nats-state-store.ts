/**
 * Records in a JetStream key-value bucket. A revision is a sequence number of its stream. One feed of the keys (without
 * values) serves all lists and watches of this process, for a server has a limit on consumers; values are read one by one.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { JsMsg } from "@nats-io/jetstream";
import { type KV, type KvEntry, Kvm } from "@nats-io/kv";
import { PssrError } from "@pssr/api";
import type { Abortable } from "../abortable.js";
import { declareStream, recordsBucket, recordsStream } from "../nats/declarations.js";
import type { NatsConnection } from "../nats/nats-connection.js";
import { hasCode } from "../nats/nats-error.js";
import { followSubjects } from "../nats/subject-feed.js";
import { fromTokens, toTokens } from "../nats/subjects.js";
import { within } from "../within.js";
import { checkListLimit, checkStateKey, checkStatePrefix, checkStateValue, revisionConflict } from "./state-key.js";
import type { ListStateOptions, Revision, StateChange, StateEntry, StateStore } from "./state-store.js";
import { WatchedKeys } from "./watched-keys.js";

/** How long the mark of a deleted key is kept: far longer than any process is cut off and still believes its keys. */
const deletionMarkTtl = "24h";
const pauseAfterErrorMs = 250;
const watchOverMs = 2_000;
/** Together with the time between two, and that between two heartbeats of a worker, less than a lease. */
const watchOverLimitMs = 3_000;

export class NatsStateStore implements StateStore {
  readonly #keys = new WatchedKeys((key, options) => this.get(key, options));
  readonly #stop = new AbortController();
  readonly #prefix: string;
  #following: Promise<void> = Promise.resolve();
  /** Ends the present feed, so that another begins. */
  #feed = new AbortController();
  /** Number of the last message that the feed has brought, undefined until it is complete. */
  #seen: number | undefined;
  /** Called after each message of the feed, and when it breaks. */
  readonly #waiting = new Set<() => void>();

  private constructor(
    private readonly nats: NatsConnection,
    private readonly kv: KV,
    private readonly report: (error: unknown, doing: string) => void,
  ) {
    this.#prefix = `$KV.${recordsBucket(nats)}.`;
  }

  /** Declares the bucket and learns which keys there are. */
  static async open(
    nats: NatsConnection,
    { report, signal }: Abortable & { report: (error: unknown, doing: string) => void },
  ): Promise<NatsStateStore> {
    await declareStream(nats, recordsStream(nats), { signal });
    const kv = await new Kvm(nats.jetstream).open(recordsBucket(nats), { allow_direct: false });
    const store = new NatsStateStore(nats, kv, report);
    store.#following = store.#follow();
    try {
      await store.#caughtUp({ signal });
    } catch (error) {
      await store.close();
      throw error;
    }
    return store;
  }

  /** Ends all watches. */
  async close(): Promise<void> {
    this.#stop.abort(new PssrError("UNAVAILABLE", "the state store is closed"));
    this.#moved();
    await this.#following;
  }

  async get(key: string, { signal }: Abortable = {}): Promise<StateEntry | undefined> {
    checkStateKey(key);
    const entry = await this.#read(key, signal);
    return entry === undefined || entry.operation !== "PUT"
      ? undefined
      : { key, value: plain(entry.value), revision: BigInt(entry.revision) };
  }

  async put(key: string, value: Uint8Array, revision: Revision, { signal }: Abortable = {}): Promise<Revision> {
    checkStateKey(key);
    checkStateValue(key, value);
    const written = BigInt(
      await this.#write(key, revision, signal, () =>
        revision === 0n
          ? this.kv.create(toTokens(key), value)
          : this.kv.put(toTokens(key), value, { previousSeq: Number(revision) }),
      ),
    );
    // The feed tells the watchers; a list of this process must not wait for it.
    if (this.#keys.revision(key) < written) this.#keys.note(key, written);
    return written;
  }

  async delete(key: string, revision: Revision, { signal }: Abortable = {}): Promise<void> {
    checkStateKey(key);
    await this.#write(key, revision, signal, () =>
      this.kv.purge(toTokens(key), { previousSeq: Number(revision), ttl: deletionMarkTtl }),
    );
    if (this.#keys.revision(key) === revision) this.#keys.note(key, 0n);
  }

  async list(prefix: string, { after, limit, signal }: ListStateOptions): Promise<StateEntry[]> {
    checkStatePrefix(prefix);
    checkListLimit(limit);
    await this.#caughtUp({ signal });
    return this.#keys.list(prefix, after ?? "", limit, { signal });
  }

  watch(prefix: string, { signal }: Abortable = {}): AsyncIterable<StateChange> {
    checkStatePrefix(prefix);
    const begin = async (): Promise<AsyncIterable<StateChange>> => {
      // However long that takes: a watch has no time of its own.
      await this.nats.standing({ signal });
      await this.#caughtUp({ signal });
      return this.#keys.watch(prefix, { signal });
    };
    const begun = begin();
    begun.catch(() => undefined); // whoever reads has the error
    return (async function* () {
      yield* await begun;
    })();
  }

  async #read(key: string, signal: AbortSignal | undefined): Promise<KvEntry | undefined> {
    const entry = await this.nats.read(`reading ${key}`, () => this.kv.get(toTokens(key)), { signal });
    return entry ?? undefined;
  }

  async #write<T>(
    key: string,
    expected: Revision,
    signal: AbortSignal | undefined,
    action: () => Promise<T>,
  ): Promise<T> {
    const outcome = await this.nats.request(
      `writing ${key}`,
      async () => {
        try {
          return { done: await action() };
        } catch (error) {
          if (hasCode(error, "wrongLastSequence")) return "conflict";
          throw error;
        }
      },
      { signal },
    );
    if (outcome !== "conflict") return outcome.done;
    throw revisionConflict(key, expected, (await this.get(key, { signal }))?.revision ?? 0n);
  }

  /**
   * Waits until the feed has brought everything that was written before the call, by whomever. UNAVAILABLE where nothing moves
   * for the time of a request.
   */
  async #caughtUp({ signal }: Abortable): Promise<void> {
    const last = await this.nats.read(
      "reading the last record",
      () => this.nats.manager.streams.getMessage(recordsStream(this.nats).name, { last_by_subj: `${this.#prefix}>` }),
      { signal },
    );
    const target = last?.seq ?? 0;
    while (this.#seen === undefined || this.#seen < target) await this.#untilMoved(signal);
  }

  /** Waits for news of the feed. One that stands still although there is news begins anew. */
  async #untilMoved(signal: AbortSignal | undefined): Promise<void> {
    let wake: () => void = () => undefined;
    const moved = new Promise<void>((resolve) => {
      wake = resolve;
      this.#waiting.add(wake);
    });
    try {
      await within(moved, { signal, limitMs: this.nats.timeoutMs });
    } catch (error) {
      signal?.throwIfAborted();
      const stalled = new PssrError("UNAVAILABLE", "NATS does not tell of its records; try again", { cause: error });
      if (this.#seen !== undefined) this.#feed.abort(stalled);
      throw stalled;
    } finally {
      this.#waiting.delete(wake);
    }
    this.#stop.signal.throwIfAborted();
  }

  #moved(): void {
    for (const wake of [...this.#waiting]) wake();
  }

  async #follow(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      this.#feed = new AbortController();
      const either = AbortSignal.any([signal, this.#feed.signal]);
      try {
        await Promise.race([this.#followOnce(either), this.#watchOver(either)]);
      } catch (error) {
        this.#seen = undefined;
        this.#feed.abort(error);
        this.#keys.failWatches(error);
        this.#moved();
        if (signal.aborted || this.nats.isClosed) return;
        this.report(error, "following the records");
        await sleep(pauseAfterErrorMs * (1 + Math.random()), undefined, { signal }).catch(() => undefined); // closed
      }
    }
  }

  async #followOnce(signal: AbortSignal): Promise<never> {
    await this.nats.standing({ signal });
    // After a restart the server may have lost it (another disk), or have been another one all along.
    await declareStream(this.nats, recordsStream(this.nats), { signal });
    const present = new Set<string>();
    let current = false;
    let seen = 0;
    return followSubjects(this.nats, {
      stream: recordsStream(this.nats).name,
      subject: `${this.#prefix}>`,
      headersOnly: true,
      signal,
      onMessage: (message) => {
        if (signal.aborted) return;
        const key = this.#take(message);
        seen = message.seq;
        if (!current) present.add(key);
        else this.#seen = seen;
        this.#moved();
      },
      onCurrent: () => {
        if (signal.aborted) return;
        // Deleted while we were cut off, and the marks are gone too.
        for (const key of this.#keys.all("")) if (!present.has(key)) this.#keys.note(key, 0n);
        current = true;
        this.#seen = seen;
        this.#moved();
      },
    });
  }

  /**
   * Asks now and then for the last record, and fails when it cannot be had: then nobody can write either, and whoever waits for
   * a sign of life from a worker must not take the silence for its death.
   */
  async #watchOver(signal: AbortSignal): Promise<never> {
    for (;;) {
      await sleep(watchOverMs, undefined, { signal });
      if (this.#seen === undefined) continue;
      try {
        await within(this.#caughtUp({ signal }), { signal, limitMs: watchOverLimitMs });
      } catch (cause) {
        signal.throwIfAborted();
        throw new PssrError("UNAVAILABLE", "NATS did not answer for a while; its records are followed anew", { cause });
      }
    }
  }

  #take(message: JsMsg): string {
    const key = fromTokens(message.subject.slice(this.#prefix.length));
    const revision = BigInt(message.seq);
    const deleted = (message.headers?.get("KV-Operation") ?? "") !== "";
    if (!deleted && this.#keys.revision(key) < revision) this.#keys.note(key, revision);
    if (deleted && this.#keys.revision(key) < revision) this.#keys.note(key, 0n);
    this.#keys.tell({ type: deleted ? "delete" : "put", key, revision });
    return key;
  }
}

/** The client's own buffer is shared by all messages that came together. */
function plain(value: Uint8Array): Uint8Array {
  return new Uint8Array(value);
}
