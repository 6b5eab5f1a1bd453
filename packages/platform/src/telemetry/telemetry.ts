/** What lets an operator look into a process: its probes, metrics and traces, from its first moment to its last. */
import type { Logger } from "../log/logger.js";
import { startMetricsServer } from "./metrics-server.js";
import { startProbeServer } from "./probe-server.js";
import { Probes } from "./probes.js";
import type { TelemetryConfig } from "./settings.js";

export class Telemetry {
  private constructor(
    readonly probes: Probes,
    private readonly closing: readonly (() => Promise<void> | void)[],
  ) {}

  /** Opens what is configured. INVALID_CONFIGURATION where it cannot listen there; then nothing stays open. */
  static async open(config: TelemetryConfig, { service, log }: { service: string; log: Logger }): Promise<Telemetry> {
    const { probeBind, metricsBind, otlpEndpoint, traceRatio } = config;
    const probes = new Probes();
    const closing: (() => Promise<void> | void)[] = [];
    const telemetry = new Telemetry(probes, closing);
    try {
      if (probeBind !== undefined) {
        const server = await startProbeServer(probeBind, probes);
        closing.push(() => server.close());
        log.info({ address: server.bound }, "probes are answered");
      }
      if (metricsBind !== undefined) {
        const server = await startMetricsServer(metricsBind, log);
        closing.push(() => server.close());
        log.info({ address: server.bound }, "metrics are served");
      }
      if (otlpEndpoint !== undefined) {
        // Loaded where it is used only: it is large.
        const { recordSpans } = await import("./record-spans.js");
        closing.push(recordSpans({ url: otlpEndpoint, ratio: traceRatio, service, log }));
      }
      return telemetry;
    } catch (error) {
      await telemetry.close();
      throw error;
    }
  }

  /** The last to close, and of its own the probes are. */
  async close(): Promise<void> {
    for (const close of this.closing.toReversed()) await close();
  }
}
