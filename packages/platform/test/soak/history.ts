/**
 * Every record as it is written, in order, read from the stream beside everything of ours that serves records: what a history
 * must never show is found here, at once.
 */
import { setMaxListeners } from "node:events";
import type { JsMsg } from "@nats-io/jetstream";
import type { NatsConnection, OperationRecord } from "@pssr/platform";
import { followSubjects } from "../../dist/nats/subject-feed.js";
import type { Thing } from "../operations/thing-kind.js";
import type { Journal } from "./journal.js";
import { leaseMs } from "./worker-messages.js";

/** A record as it is stored: bytes are base64. */
export type Stored = Omit<OperationRecord, "request" | "result"> & {
  result?: { attempt: number; value: { type: string; bytes: string }; keepObjects: string[] };
};

export interface Seen {
  key: string;
  record: Stored;
  revision: number;
  /** By the server's clock. */
  atMs: number;
}

/** An attempt whose job another took, as its worker had been silent for the lease. */
export interface Loss {
  key: string;
  attempt: number;
  claimant: string;
  /** The last sign of its life, and when it was taken over. */
  lastMs: number;
  takenMs: number;
}

export class History {
  readonly operations = new Map<string, Seen>();
  readonly things = new Map<string, { thing: Thing; revision: number }>();
  readonly losses: Loss[] = [];
  /** Of each operation: losses since its last checkpoint, as far as all writes were seen. */
  readonly #crashes = new Map<string, Loss[]>();
  readonly #waiting = new Map<string, Set<() => void>>();
  readonly #stop = new AbortController();
  #following: Promise<void> = Promise.resolve();
  endedMs: number[] = [];

  constructor(
    private readonly nats: NatsConnection,
    private readonly journal: Journal,
    /** Called with the last losses of an operation that was given up for them. */
    private readonly gaveUp: (seen: Seen, losses: readonly Loss[]) => void,
  ) {}

  start(): void {
    this.#following = this.#follow();
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.#following;
  }

  /** Resolves once everyone can see its end. */
  async ended(key: string, signal: AbortSignal): Promise<void> {
    const seen = this.operations.get(key);
    if (seen !== undefined && hasEnded(seen.record)) return;
    setMaxListeners(0, signal); // as many as wait at once
    await new Promise<void>((resolve, reject) => {
      const waiting = this.#waiting.get(key) ?? new Set();
      this.#waiting.set(key, waiting.add(resolve));
      signal.addEventListener("abort", () => reject(signal.reason), { once: true });
    });
  }

  async #follow(): Promise<void> {
    const { signal } = this.#stop;
    const root = `$KV.${this.nats.name}.`;
    while (!signal.aborted) {
      try {
        await followSubjects(this.nats, {
          stream: `KV_${this.nats.name}`,
          subject: `${root}>`,
          signal,
          onMessage: (message) => this.#take(message, message.subject.slice(root.length).replaceAll(".", "/")),
          onCurrent: () => undefined,
        });
      } catch (error) {
        if (!signal.aborted) this.journal.note(`the history begins anew: ${error}`);
      }
    }
  }

  #take(message: JsMsg, key: string): void {
    const revision = message.seq;
    const before = (this.operations.get(key) ?? this.things.get(key))?.revision ?? 0;
    if (revision <= before) return; // told again after a reconnection
    if ((message.headers?.get("KV-Operation") ?? "") !== "") {
      this.journal.violation(`${key} was deleted`);
      return;
    }
    const value: unknown = JSON.parse(new TextDecoder().decode(message.data));
    if (key.startsWith("things/")) this.#takeThing(key, value as Thing, revision);
    else
      this.#takeRecord({ key, record: value as Stored, revision, atMs: Number(message.timestampNanos / 1_000_000n) });
  }

  #takeThing(key: string, thing: Thing, revision: number): void {
    const before = this.things.get(key);
    this.things.set(key, { thing, revision });
    this.journal.note(`${key} is ${thing.state}`);
    if (before !== undefined && before.thing.state !== "MAKING") {
      this.journal.violation(`${key} was ${before.thing.state} and was written again as ${thing.state}`);
    }
  }

  #takeRecord(now: Seen): void {
    const { key, record } = now;
    const before = this.operations.get(key);
    this.operations.set(key, now);
    const { state, attempt, claimant, crashes, beat, materialised, cancelRequested } = record;
    const made = Array.isArray(record.checkpoint) ? record.checkpoint.length : 0;
    this.journal.note(
      `${key} ${state}${materialised ? "" : " (not yet in line)"}${cancelRequested ? " (to be cancelled)" : ""} revision ${now.revision} attempt ${attempt} beat ${beat} crashes ${crashes} made ${made} ${claimant}`,
    );
    if (before !== undefined) this.#compare(before, now);
    if (!hasEnded(record)) return;
    if (before === undefined || !hasEnded(before.record)) this.endedMs.push(now.atMs);
    for (const wake of this.#waiting.get(key) ?? []) wake();
    this.#waiting.delete(key);
  }

  #compare(before: Seen, now: Seen): void {
    const [a, b] = [before.record, now.record];
    const wrong = (what: string): void => {
      this.journal.violation(`${now.key} at revision ${now.revision}: ${what}; before: ${shown(a)}; now: ${shown(b)}`);
    };
    if (b.attempt < a.attempt) wrong("its attempt went back");
    if (isTerminal(a)) {
      if (endOf(a) !== endOf(b)) wrong("its end changed");
      if (a.materialised && !b.materialised) wrong("its visible end was taken back");
      return;
    }
    const checkpoints = [a, b].map(({ checkpoint }) => (Array.isArray(checkpoint) ? checkpoint : []));
    if (!checkpoints[0]!.every((key, i) => key === checkpoints[1]![i])) wrong("its checkpoint went back");
    if (a.cancelRequested && !b.cancelRequested) wrong("its cancel was forgotten");
    const hasProgress = checkpoints[0]!.length < checkpoints[1]!.length;
    if (hasProgress) this.#crashes.delete(now.key);
    const isTaken = b.attempt > a.attempt || isGivenUp(b);
    if (!isTaken) {
      if (b.attempt === a.attempt && a.state === "RUNNING" && b.claimant !== a.claimant && b.state === "RUNNING") {
        wrong("an attempt has two workers");
      }
      if (a.state === "PENDING" && b.state === "RUNNING") wrong("it runs again as the same attempt");
      return;
    }
    // Writes that followed each other at once may be told as the last of them alone; then nothing is known of the others.
    const sawAll = b.attempt === a.attempt + 1 || (isGivenUp(b) && b.attempt === a.attempt);
    if (!sawAll || hasProgress) return;
    if (a.state === "PENDING") {
      if (b.crashes > a.crashes) wrong("a job that was given back counts as a crash");
      return;
    }
    if (a.state !== "RUNNING" || b.crashes !== a.crashes + 1) return;
    const silentMs = now.atMs - before.atMs;
    if (silentMs < leaseMs) wrong(`it was taken over after ${silentMs} ms, within the lease`);
    const loss: Loss = {
      key: now.key,
      attempt: a.attempt,
      claimant: a.claimant,
      lastMs: before.atMs,
      takenMs: now.atMs,
    };
    this.losses.push(loss);
    const crashes = this.#crashes.get(now.key) ?? [];
    this.#crashes.set(now.key, [...crashes, loss]);
    if (isGivenUp(b)) this.gaveUp(now, this.#crashes.get(now.key) ?? []);
  }
}

export function isTerminal({ state }: Stored): boolean {
  return state !== "PENDING" && state !== "RUNNING";
}

export function hasEnded(record: Stored): boolean {
  return isTerminal(record) && record.materialised;
}

function isGivenUp({ error }: Stored): boolean {
  return error?.reason === "WORKER_CRASHED";
}

/** What of an end must stay as it is for good. */
function endOf({ state, attempt, result, error, times }: Stored): string {
  return JSON.stringify([state, attempt, result, error, times.endedMs]);
}

function shown({ state, attempt, crashes, claimant, checkpoint }: Stored): string {
  return JSON.stringify({ state, attempt, crashes, claimant, checkpoint });
}
