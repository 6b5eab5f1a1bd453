/** Follows one operation to its end as a client of any language would: a broken watch goes on behind the last revision it saw. */
import { EventEmitter, once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { isPeerGone, OperationMetadata, OperationMetadata_State } from "@pssr/api";
import type { PssrClient } from "@pssr/client";

const pauseMs = 200;

export interface WatchReport {
  states: number;
  /** How often the stream broke and went on. */
  resumed: number;
  /** Longest time from a break to the next state. */
  longestResumeMs: number;
  attempts: number;
  /** What must not be: a revision that goes back, a state behind the end. */
  faults: string[];
  end: string;
}

export class Watcher {
  readonly report: WatchReport = { states: 0, resumed: 0, longestResumeMs: 0, attempts: 0, faults: [], end: "" };
  readonly ended: Promise<WatchReport>;
  #latest: OperationMetadata | undefined;
  /** `state` with each state; `error` when there will be none any more. */
  readonly #news = new EventEmitter();

  constructor(client: PssrClient, name: string, signal: AbortSignal) {
    this.ended = this.#follow(client, name, signal);
    this.#news.on("error", () => undefined); // `ended` tells it to those who wait for no state
    this.ended.catch((error: unknown) => this.#news.emit("error", error));
  }

  /** The first state, from the present one on, of which `is` is true. Throws where the operation ends before. */
  async until(what: string, is: (metadata: OperationMetadata) => boolean): Promise<OperationMetadata> {
    for (;;) {
      if (this.#latest !== undefined && is(this.#latest)) return this.#latest;
      if (this.report.end !== "") throw new Error(`the operation ended ${this.report.end} before ${what}`);
      await once(this.#news, "state");
    }
  }

  /** The next state that comes. */
  async next(): Promise<OperationMetadata> {
    if (this.report.end === "") await once(this.#news, "state");
    if (this.#latest === undefined) throw new Error("the operation told no state");
    return this.#latest;
  }

  async #follow(client: PssrClient, name: string, signal: AbortSignal): Promise<WatchReport> {
    const { report } = this;
    let revision = 0n;
    let brokenAt: number | undefined;
    for (;;) {
      try {
        for await (const state of client.watches.watchOperation({ name, afterRevision: revision }, { signal })) {
          if (brokenAt !== undefined) {
            report.longestResumeMs = Math.max(report.longestResumeMs, performance.now() - brokenAt);
            brokenAt = undefined;
          }
          if (state.revision < revision) report.faults.push(`revision ${state.revision} came after ${revision}`);
          revision = state.revision;
          const metadata = OperationMetadata.decode(state.operation?.metadata?.value ?? new Uint8Array());
          report.states += 1;
          report.attempts = Math.max(report.attempts, metadata.attempt);
          if (state.operation?.done === true) report.end = OperationMetadata_State[metadata.state];
          this.#latest = metadata;
          this.#news.emit("state");
          if (state.operation?.done === true) return report;
        }
      } catch (error) {
        if (!isPeerGone(error) || signal.aborted) throw error;
      }
      report.resumed += 1;
      brokenAt ??= performance.now();
      await sleep(pauseMs, undefined, { signal });
    }
  }
}
