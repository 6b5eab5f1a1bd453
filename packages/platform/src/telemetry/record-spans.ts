/** Records spans and sends them, for a process that is told where to: in batches, with bounded memory, and a bounded end. */
import { hostname } from "node:os";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { ParentBasedSampler, TraceIdRatioBasedSampler, TracerProvider } from "@opentelemetry/sdk-trace";
import type { Logger } from "../log/logger.js";
import { within } from "../within.js";
import { OtlpExporter } from "./otlp-exporter.js";
import { recordSpansBy } from "./span.js";
import { SpanQueue } from "./span-queue.js";

export interface RecordSpansOptions {
  url: string;
  /** Share of new traces that are recorded, 0 to 1. */
  ratio: number;
  /** Whose spans they are: "train". */
  service: string;
  log: Logger;
}

const limits = { attributeValueLengthLimit: 1_024, attributeCountLimit: 32, eventCountLimit: 64, linkCountLimit: 8 };
/** A stop waits so long for the last batch: within the time that a process has to tidy up. */
const flushMs = 700;

/** Returns what ends it: what is recorded by then is sent, if the collector takes it at once. */
export function recordSpans({ url, ratio, service, log }: RecordSpansOptions): () => Promise<void> {
  const exporter = new OtlpExporter(url, log);
  const provider = new TracerProvider({
    resource: resourceFromAttributes({
      "service.namespace": "pssr",
      "service.name": service,
      "service.instance.id": `${hostname()}/${process.pid}`,
    }),
    sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(ratio) }),
    spanLimits: limits,
    spanProcessors: [new SpanQueue(exporter)],
  });
  const stop = recordSpansBy(provider.getTracer("pssr"));
  return async () => {
    stop();
    const flushed = provider.shutdown();
    try {
      await within(flushed, { limitMs: flushMs });
    } catch (error) {
      log.debug({ err: error }, "the last traces are given up");
      await exporter.shutdown();
      await flushed;
    }
  };
}
