/** What an operator may switch on to look into a process from outside. */
import { type Config, optional } from "../config/setting.js";
import { address } from "../config/setting-kinds.js";

export const telemetrySettings = {
  probeBind: optional(address(), {
    description:
      "Address of the probes (grpc.health.v1.Health: startup, readiness, liveness) for whoever keeps this process running; not encrypted, asks for no identity and tells nothing else, so others may reach it. Port 0 lets the system choose",
  }),
  metricsBind: optional(address(), {
    description:
      "Address of the metrics (HTTP, GET /metrics, Prometheus text); not encrypted, asks for no identity: for the monitoring alone",
  }),
} as const;

export type TelemetryConfig = Config<typeof telemetrySettings>;
