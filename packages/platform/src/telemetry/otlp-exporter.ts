/**
 * Sends spans to a collector by OTLP over HTTP (https://opentelemetry.io/docs/specs/otlp/#otlphttp, binary protobuf). It never
 * holds up whoever records them: what cannot be sent after a few tries, or finds no room to wait, is lost and counted, and an
 * outage is told once.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { type ExportResult, ExportResultCode } from "@opentelemetry/core";
import { ProtobufTraceSerializer } from "@opentelemetry/otlp-transformer";
import type { ReadableSpan, SpanExporter } from "@opentelemetry/sdk-trace";
import type { Logger } from "../log/logger.js";
import { spansTotal } from "./trace-metrics.js";

const requestMs = 5_000;
/** Before the second try, and the third. */
const pausesMs = [500, 2_000];
/** Answers that may differ a moment later, as the specification has them. */
const passing: ReadonlySet<number> = new Set([429, 502, 503, 504]);

export class OtlpExporter implements SpanExporter {
  readonly #stop = new AbortController();
  #isOut = false;
  /** There were more than could wait, since the last batch was taken. */
  #isOverfull = false;

  constructor(
    private readonly url: string,
    private readonly log: Logger,
  ) {}

  /** `done` is always told of a success: what went wrong has been told here, and nobody else can do anything about it. */
  export(spans: ReadableSpan[], done: (result: ExportResult) => void): void {
    this.#send(spans)
      .then(
        () => {
          spansTotal.inc({ outcome: "sent" }, spans.length);
          // A collector that is too slow takes every batch, and is too slow again at once.
          if (this.#isOut && !this.#isOverfull) {
            this.log.info({ url: this.url }, "the collector of traces takes them again");
            this.#isOut = false;
          }
          this.#isOverfull = false;
        },
        (error: unknown) => this.#lost(spans.length, problemOf(error)),
      )
      .finally(() => done({ code: ExportResultCode.SUCCESS }));
  }

  /** One span is lost, as too many wait to be sent already. */
  overflow(): void {
    this.#isOverfull = true;
    this.#lost(1, "more come than it takes");
  }

  /** Gives up what is under way; what comes then is tried once. */
  async shutdown(): Promise<void> {
    this.#stop.abort(new Error("the process ended before they were sent"));
  }

  #lost(spans: number, problem: string): void {
    spansTotal.inc({ outcome: "lost" }, spans);
    if (!this.#isOut) this.log.warn({ url: this.url, problem }, "traces cannot be sent; they are lost until they can");
    this.#isOut = true;
  }

  async #send(spans: ReadableSpan[]): Promise<void> {
    const body = ProtobufTraceSerializer.serializeRequest(spans);
    if (body === undefined) return;
    const { signal } = this.#stop;
    for (let tries = 1; ; tries++) {
      signal.throwIfAborted();
      const pauseMs = pausesMs[tries - 1];
      try {
        const response = await fetch(this.url, {
          method: "POST",
          headers: { "content-type": "application/x-protobuf" },
          body,
          redirect: "error",
          signal: AbortSignal.any([signal, AbortSignal.timeout(requestMs)]),
        });
        await response.body?.cancel();
        if (response.ok) return;
        if (!passing.has(response.status) || pauseMs === undefined) throw new Refused(response.status);
      } catch (error) {
        if (signal.aborted || error instanceof Refused || pauseMs === undefined) throw error;
      }
      await sleep(pauseMs, undefined, { signal, ref: false });
    }
  }
}

class Refused extends Error {
  constructor(status: number) {
    super(`it answers ${status}`);
  }
}

/** fetch says only that it failed; why, its cause says. */
function problemOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  return cause instanceof Error ? cause.message : String(cause);
}
