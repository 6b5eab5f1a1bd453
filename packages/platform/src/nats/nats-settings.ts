/** Where the NATS server is, and how it lets us in. Credentials come from the environment or from files, never from flags. */
import { type Config, optional, type SettingKind, secret, setting } from "../config/setting.js";
import { duration, integer, listOf, text } from "../config/setting-kinds.js";

export const natsSettings = {
  natsUrl: optional(listOf(text()), {
    description:
      "NATS servers with JetStream (nats://host:4222 or tls://host:4222, several with commas); set it together with the S3 endpoint to share work between processes. Without it everything is kept in the data directory",
  }),
  natsName: setting(name(), {
    default: "pssr",
    description: "What streams, buckets and subjects of this installation begin with; several may share a server",
  }),
  natsReplicas: setting(integer({ min: 1, max: 5 }), {
    default: "1",
    description: "Servers of a NATS cluster that keep each record, job and event: 3 survive the loss of one",
  }),
  natsCaFile: optional(text(), {
    description: "Certificate authority of the NATS server, PEM; given, TLS is demanded",
  }),
  natsCertFile: optional(text(), { description: "Our certificate for the NATS server, PEM" }),
  natsKeyFile: optional(text(), { description: "The key of that certificate, PEM" }),
  natsCredentials: secret(text(), { description: "NATS credentials (the text of a .creds file)" }),
  natsToken: secret(text(), { description: "NATS token" }),
  natsUser: optional(text(), { description: "NATS user" }),
  natsPassword: secret(text(), { description: "The password of that user" }),
  natsWait: setting(duration({ minMs: 0 }), {
    default: "30s",
    description: "How long a start waits for a NATS server before it gives up",
  }),
  natsTimeout: setting(duration({ minMs: 100, maxMs: 60_000 }), {
    default: "5s",
    description: "How long a request to NATS may take, a reconnection included",
  }),
} as const;

export type NatsConfig = Config<typeof natsSettings>;

/** What may stand in the name of a stream and in a subject alike. */
function name(): SettingKind<string> {
  return {
    description: "1 to 32 of a-z A-Z 0-9 _ -",
    read: (value) => (/^[\w-]{1,32}$/.test(value) ? value : undefined),
  };
}
