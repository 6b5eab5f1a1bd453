/**
 * Operations: work that takes longer than a call, from submit to visible result, on the four ports. State is the truth, the queue
 * a hint; the one commit point is the compare-and-set of the record to its end.
 *
 *     const operations = new Operations(ports, { exclusive: true, report });
 *     operations.register({ kind: "training", concurrency: 1, run, materialise });
 *     await operations.start();
 *     const operation = await operations.submit({ kind: "training", project, principal, requestId, request });
 *     for await (const view of operations.watch(operation.name, { signal })) …
 */
import { setMaxListeners } from "node:events";
import { PssrError } from "@pssr/api";
import type { Abortable } from "../abortable.js";
import { runInScope } from "../log/log-scope.js";
import type { Ports } from "../ports/ports.js";
import type { RecordKey } from "../records/record-table.js";
import { within } from "../within.js";
import { cancelled } from "./attempt.js";
import type { JobKind } from "./job.js";
import { jobScope } from "./job-scope.js";
import { Leases } from "./lease.js";
import { type ListOperationsPage, type ListOperationsRequest, listOperations } from "./list-operations.js";
import { Materialiser } from "./materialiser.js";
import { encodeOperationEvent } from "./operation-event.js";
import { type IndexEntry, OperationIndex } from "./operation-index.js";
import { tellOf } from "./operation-log.js";
import { countFailuresOf, countOperations } from "./operation-metrics.js";
import { checkKind, keyOfName, operationKey } from "./operation-name.js";
import { isTerminal, type OperationRecord } from "./record.js";
import { OperationRecords, type StoredRecord } from "./records.js";
import { RequestIds } from "./request-ids.js";
import { type OperationsSettings, withDefaults } from "./settings.js";
import { type Asked, putSubmission, type Submission, submittedBefore } from "./submit.js";
import { Sweeper } from "./sweeper.js";
import { type OperationView, viewOf } from "./view.js";
import { notFound, type WatchOperationOptions, watchOperation } from "./watch-operation.js";
import { Worker } from "./worker.js";

/** Bounds what is remembered of late events. */
const mostToldAgain = 1_000;

export class Operations {
  readonly #kinds = new Map<string, JobKind>();
  readonly #workers: Worker[] = [];
  readonly #settings: Required<OperationsSettings>;
  readonly #records: OperationRecords;
  readonly #index: OperationIndex;
  readonly #requestIds: RequestIds;
  readonly #leases: Leases;
  readonly #materialiser: Materialiser;
  readonly #sweeper: Sweeper;
  readonly #closing = new AbortController();
  readonly #background = new Set<Promise<void>>();
  /** Operations whose state was told again after a late event, at which revision. */
  readonly #toldAgain = new Map<string, bigint>();
  #started = false;
  #sated = false;
  #uncount: () => void = () => undefined;

  constructor(
    private readonly ports: Ports,
    settings: OperationsSettings,
  ) {
    this.#settings = withDefaults(settings);
    setMaxListeners(0, this.#closing.signal); // every watch has one
    const { clock, report, exclusive } = this.#settings;
    this.#index = new OperationIndex(ports.state, ports.events, clock, report);
    this.#requestIds = new RequestIds(this.#index);
    this.#records = new OperationRecords(ports.state, (stored) => this.#written(stored));
    this.#leases = new Leases(this.#index, clock, exclusive);
    this.#materialiser = new Materialiser(this.#records, this.#kinds);
    this.#sweeper = new Sweeper(
      this.#kinds,
      ports,
      this.#records,
      this.#index,
      this.#leases,
      this.#materialiser,
      this.#settings,
    );
    this.#index.onLateEvent((entry) => this.#announceAgain(entry));
    // An end that another process committed (a cancel, above all) becomes visible at once, not at the next sweep.
    this.#index.follow(({ key, record }) => {
      if (this.#kinds.has(record.kind) && !record.materialised && isTerminal(record.state)) this.#materialiseSoon(key);
    });
  }

  /** Before start. A process registers the kinds it owns; it may look at and cancel all others too. */
  register(kind: JobKind): void {
    checkKind(kind.kind);
    if (this.#started || this.#kinds.has(kind.kind)) {
      throw new PssrError("INTERNAL", `kind ${kind.kind} is registered twice, or after the start`);
    }
    this.#kinds.set(kind.kind, kind);
    countFailuresOf(kind.kind);
  }

  /** Learns what there is, then begins to work on it. */
  async start(): Promise<void> {
    this.#started = true;
    await this.#index.start();
    this.#uncount = countOperations({ kinds: [...this.#kinds.keys()], index: this.#index });
    for (const kind of this.#sated ? [] : this.#kinds.values()) {
      const worker = new Worker(
        kind,
        this.ports,
        this.#records,
        this.#index,
        this.#leases,
        this.#materialiser,
        this.#settings,
      );
      worker.start();
      this.#workers.push(worker);
    }
    this.#sweeper.start();
  }

  /**
   * Resolves once an operation is known to have a worker, or to need none: when its record has moved since this process first saw it.
   * What a dead process has left moves when its lease is over and another one takes it.
   */
  async led({ project, id }: RecordKey, { signal }: Abortable = {}): Promise<void> {
    const key = operationKey(project, id);
    await within(this.#index.ready, { signal });
    const isLed = (entry: IndexEntry | undefined) =>
      entry === undefined || entry.hasMoved || isTerminal(entry.record.state);
    if (isLed(this.#index.get(key))) return;
    let leave: () => void = () => undefined;
    const moved = new Promise<void>((resolve) => {
      leave = this.#index.listen(key, (entry) => {
        if (isLed(entry)) resolve();
      });
    });
    try {
      await within(moved, { signal });
    } finally {
      leave();
    }
  }

  /** Begins no further work; what is under way goes on, and everything else as well. */
  stopClaiming(): void {
    this.#sated = true;
    for (const worker of this.#workers) worker.stopClaiming();
  }

  /** Stops claiming, gives running jobs back (within the grace time), ends watches and background work. */
  async close(): Promise<void> {
    this.#closing.abort(new PssrError("UNAVAILABLE", "this process is shutting down; try again"));
    await Promise.all([this.#sweeper.close(), ...this.#workers.map((worker) => worker.close())]);
    await Promise.all(this.#background);
    this.#uncount();
    await this.#index.close();
  }

  /** Begins an operation, or finds the one that the same request began: ALREADY_EXISTS, LIMIT_EXCEEDED, INVALID_FIELD. */
  async submit(submission: Submission, { signal }: Abortable = {}): Promise<OperationView> {
    const kind = this.#kindOf(submission);
    const { report } = this.#settings;
    const stored = await this.#put(kind, submission, { signal });
    const { key, record } = stored;
    let present = stored;
    try {
      if (record.state === "PENDING") {
        await this.ports.queue.publish(kind.kind, key, new TextEncoder().encode(key), { signal });
      }
      present = (await this.#materialiser.run(key, { signal })) ?? stored;
    } catch (error) {
      // It is submitted all the same: the sweeper does what is left.
      report(error, `after the submit of ${key}`);
    }
    return viewOf(present.record, present.revision, this.#index.get(key)?.progress);
  }

  async #put(kind: JobKind, submission: Submission, { signal }: Abortable): Promise<StoredRecord> {
    let admitted: OperationRecord | undefined;
    const admit = (record: OperationRecord) => {
      this.#checkRoom();
      this.#requestIds.take(record);
      admitted = record;
    };
    try {
      const submittedMs = this.#settings.clock.now();
      return await putSubmission(this.#records, kind, submission, { submittedMs, admit, signal });
    } finally {
      if (admitted !== undefined) this.#requestIds.release(admitted);
    }
  }

  /**
   * The operation that the same request began, undefined for a new one: to be asked before anything else is checked, as what
   * the request names may have gone since. ALREADY_EXISTS where another request has the id.
   */
  async before(asked: Asked, { signal }: Abortable = {}): Promise<OperationView | undefined> {
    const stored = await submittedBefore(this.#records, this.#kindOf(asked), asked, { signal });
    return stored && viewOf(stored.record, stored.revision, this.#index.get(stored.key)?.progress);
  }

  async get(name: string, { signal }: Abortable = {}): Promise<OperationView> {
    const stored = await this.#records.get(keyOfName(name), { signal });
    if (stored === undefined || stored.record.deleted) throw notFound(name);
    return viewOf(stored.record, stored.revision, this.#index.get(stored.key)?.progress);
  }

  list(request: ListOperationsRequest): ListOperationsPage {
    return listOperations(this.#index, request);
  }

  /** Present state first, then changes, then the end. NOT_FOUND at the first read; UNAVAILABLE when this process closes. */
  watch(name: string, { afterRevision, signal }: WatchOperationOptions = {}): AsyncIterable<OperationView> {
    return watchOperation(this.#index, this.#records, name, { afterRevision, signal, closing: this.#closing.signal });
  }

  /** The operation once it has ended. */
  async wait(name: string, { signal }: Abortable = {}): Promise<OperationView> {
    for await (const view of this.watch(name, { signal })) if (view.done) return view;
    throw new PssrError("INTERNAL", `the watch of ${name} ended before its operation`);
  }

  /** Asks for an end: queued work ends at once, running work as soon as it notices; nothing happens to ended work. */
  async cancel(name: string, { signal }: Abortable = {}): Promise<void> {
    const endedMs = this.#settings.clock.now();
    let endsHere = false;
    const stored = await this.#records.update(
      keyOfName(name),
      (record) => {
        endsHere = false;
        if (record.deleted || isTerminal(record.state) || record.cancelRequested) return undefined;
        if (record.state === "RUNNING") return { cancelRequested: true };
        endsHere = true;
        return { ...cancelled, times: { ...record.times, endedMs } };
      },
      { signal },
    );
    if (stored === undefined || stored.record.deleted) throw notFound(name);
    if (endsHere) tellOf({ what: "cancelled", record: stored.record }, this.#settings.tell);
    if (isTerminal(stored.record.state)) await this.#materialiser.run(stored.key, { signal });
  }

  /** Forgets an ended operation; what it made stays. RESOURCE_IN_USE where it has not ended. */
  async delete(name: string, { signal }: Abortable = {}): Promise<void> {
    const stored = await this.#records.update(
      keyOfName(name),
      (record) => (!record.deleted && isTerminal(record.state) && record.materialised ? { deleted: true } : undefined),
      { signal },
    );
    if (stored === undefined) throw notFound(name);
    if (!stored.record.deleted) {
      throw new PssrError("RESOURCE_IN_USE", `${name} has not ended; cancel it and wait for its end first`);
    }
  }

  /** Looks after everything now instead of at the next interval. */
  async sweep(): Promise<void> {
    await this.#sweeper.sweep();
  }

  #kindOf({ kind }: { kind: string }): JobKind {
    const known = this.#kinds.get(kind);
    if (known === undefined) throw new PssrError("INTERNAL", `kind ${kind} is not registered here`);
    return known;
  }

  /** A record that this process has just written: its own callers see it at once, all others are told what is new to them. */
  #written({ key, record, revision }: StoredRecord): void {
    const before = this.#index.get(key);
    this.#index.learn(key, record, revision);
    const view = viewOf(record, revision);
    if (record.deleted || (before !== undefined && isSame(viewOf(before.record, before.revision), view))) return;
    this.#announce({ key, record, revision, progress: this.#index.get(key)?.progress });
  }

  #announce({ key, record, revision, progress }: Pick<IndexEntry, "key" | "record" | "revision" | "progress">): void {
    const view = viewOf(record, revision, progress);
    const event = encodeOperationEvent({
      view,
      progress,
      traceparent: record.traceparent,
      nowMs: this.#settings.clock.now(),
    });
    runInScope(jobScope(record), () => this.ports.events.publish(key, event)).catch((error: unknown) =>
      this.#settings.report(error, `telling of ${key}`),
    );
  }

  /** Once for each state of an operation, and not by everybody. */
  #announceAgain(entry: IndexEntry): void {
    if (!this.#kinds.has(entry.record.kind) || this.#toldAgain.get(entry.key) === entry.revision) return;
    if (this.#toldAgain.size >= mostToldAgain) this.#toldAgain.clear();
    this.#toldAgain.set(entry.key, entry.revision);
    this.#announce(entry);
  }

  #checkRoom(): void {
    if (this.#index.size < this.#settings.maximumOperations) return;
    throw new PssrError(
      "LIMIT_EXCEEDED",
      `there are ${this.#index.size} operations, the most this installation keeps; delete ended ones or wait for them to expire`,
    );
  }

  #materialiseSoon(key: string): void {
    if (this.#closing.signal.aborted) return;
    const task = this.#materialiser
      .run(key)
      .then(
        () => undefined,
        (error: unknown) => this.#settings.report(error, `bringing the resources of ${key} in line`),
      )
      .finally(() => this.#background.delete(task));
    this.#background.add(task);
  }
}

/** Whether nobody can tell them apart, but by how far the work is. */
function isSame(a: OperationView, b: OperationView): boolean {
  const visible = ({ revision: _revision, progress: _progress, ...others }: OperationView) => JSON.stringify(others);
  return visible(a) === visible(b);
}
