/** Holds recorded spans until they are sent in batches: at most so many, and those for which there is no room are lost and counted. */
import { TraceFlags } from "@opentelemetry/api";
import { BatchSpanProcessor, type ReadableSpan, type SpanProcessor } from "@opentelemetry/sdk-trace";
import type { OtlpExporter } from "./otlp-exporter.js";

const mostWaiting = 4_096;
const batchSpans = 512;
const batchMs = 2_000;
/** Longer than all tries of one batch. */
const exportMs = 20_000;

export class SpanQueue implements SpanProcessor {
  readonly #batches: BatchSpanProcessor;
  /** As many as the batches' own queue holds, which drops without telling anybody. */
  #waiting = 0;

  constructor(private readonly exporter: OtlpExporter) {
    this.#batches = new BatchSpanProcessor({
      exporter: {
        export: (spans, done) => {
          this.#waiting -= spans.length;
          exporter.export(spans, done);
        },
        shutdown: () => exporter.shutdown(),
      },
      maxQueueSize: mostWaiting,
      maxExportBatchSize: batchSpans,
      scheduledDelayMillis: batchMs,
      exportTimeoutMillis: exportMs,
    });
  }

  onStart(): void {}

  onEnd(span: ReadableSpan): void {
    if ((span.spanContext().traceFlags & TraceFlags.SAMPLED) === 0) return;
    if (this.#waiting >= mostWaiting) {
      this.exporter.overflow();
      return;
    }
    this.#waiting++;
    this.#batches.onEnd(span);
  }

  forceFlush(): Promise<void> {
    return this.#batches.forceFlush();
  }

  shutdown(): Promise<void> {
    return this.#batches.shutdown();
  }
}
