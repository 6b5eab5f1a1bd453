/** What an operator may switch on to look into a process from outside. */
import { type Config, optional, type SettingKind, setting } from "../config/setting.js";
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
  otlpEndpoint: optional(endpoint(), {
    description: "Collector that takes traces by OTLP over HTTP; absent: none are recorded",
  }),
  traceRatio: setting(fraction(), {
    default: "1",
    description: "Share of the traces begun here that are recorded; one that a caller has begun is, if he records it",
  }),
} as const;

export type TelemetryConfig = Config<typeof telemetrySettings>;

function endpoint(): SettingKind<string> {
  return {
    description: "a URL such as http://collector:4318, to which /v1/traces is added; without a user or password",
    read(value) {
      const url = URL.canParse(value) ? new URL(value) : undefined;
      // With a user in it every request would be refused by fetch, and the log would tell the password.
      const isAnonymous = url?.username === "" && url.password === "";
      const isPlain = url?.search === "" && url.hash === "" && /^https?:$/.test(url.protocol) && isAnonymous;
      return isPlain ? `${url.href.replace(/\/$/, "")}/v1/traces` : undefined;
    },
  };
}

function fraction(): SettingKind<number> {
  return {
    description: "a number from 0 to 1, such as 0.05",
    read: (value) => (/^(0?\.\d+|[01](\.0+)?)$/.test(value) ? Number(value) : undefined),
  };
}
