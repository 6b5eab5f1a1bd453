/** Settings of the gateway. */
import { type Config, grpcSettings, kinds, optional, serverTlsSettings, setting } from "@pssr/platform";

const { address, bytes, duration, integer, listOf, text } = kinds;

export const gatewaySettings = {
  ...grpcSettings,
  ...serverTlsSettings,
  gatewayBind: setting(address(), { default: "127.0.0.1:7717", description: "Address that the gateway listens on" }),
  localPrincipal: setting(text(), {
    default: "local",
    description: "Who callers on this machine are, for the record of what they begin",
  }),
  localProjects: setting(listOf(text()), {
    default: "*",
    description: "Projects that callers on this machine may see; * for all",
  }),
  tokensFile: optional(text(), {
    description:
      "File of the API tokens that callers need (`pssr tokens` writes it); without it only this machine is let in",
  }),
  tokensReload: setting(duration({ minMs: 100, maxMs: 3_600_000 }), {
    default: "5s",
    description: "How often that file is looked at for changes",
  }),
  forwardWindow: setting(bytes({ min: 1, max: 2 ** 30 }), {
    default: "512KiB",
    description: "Bytes of one response stream held for a reader that is slower than its service, beside one message",
  }),
  callerCalls: setting(integer({ min: 1, max: 1_000_000 }), {
    default: "256",
    description: "Calls and streams that one principal may have open at once; each stream may hold a window of bytes",
  }),
  backendPatience: setting(duration({ minMs: 0, maxMs: 60_000 }), {
    default: "10s",
    description: "How long a call waits for an instance of its service where there is none just now, as in an update",
  }),
  backendRefresh: setting(duration({ minMs: 100, maxMs: 86_400_000 }), {
    default: "30s",
    description: "How often a service is asked what it serves: an update of its instances may bring new methods",
  }),
  backendWait: setting(duration(), {
    default: "5s",
    description: "How long a start waits for all services before it goes on with those that answer",
  }),
} as const;

export type GatewayConfig = Config<typeof gatewaySettings>;
