/**
 * One connection of a process to NATS: it reconnects by itself for as long as the process lives, with jitter, and knows
 * when it stands. A request waits for a reconnection instead of piling up in a buffer, and fails with UNAVAILABLE after
 * its time.
 */
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { type JetStreamClient, type JetStreamManager, jetstream, jetstreamManager } from "@nats-io/jetstream";
import {
  type ConnectionOptions,
  connect,
  credsAuthenticator,
  errors,
  type NatsConnection as Nats,
} from "@nats-io/transport-node";
import { isPssrError, PssrError } from "@pssr/api";
import type { Abortable } from "../abortable.js";
import { counter, gauge } from "../telemetry/registry.js";
import { within } from "../within.js";
import { toNatsError } from "./nats-error.js";
import type { NatsConfig } from "./nats-settings.js";

const reconnectWaitMs = 250;
const reconnectJitterMs = 500;
/** A server that has stopped answering is noticed after so long, times two. */
const pingMs = 10_000;
/** How often a read that gets no answer is asked in all, within the time of a request. */
const asksInTime = 4;

const reconnects = counter("pssr_nats_reconnects_total", "Connections to NATS that stood again after they had broken");
const connections = gauge("pssr_nats_connected", "1 while the connection to NATS stands, 0 while it does not", [
  "installation",
]);

export class NatsConnection {
  readonly jetstream: JetStreamClient;
  readonly manager: JetStreamManager;
  readonly #nats: Nats;
  readonly #timeoutMs: number;
  /** Aborted when the connection breaks; a new one for each connection. */
  #broken = new AbortController();
  readonly #beyondRepair = new AbortController();
  #connected = true;
  #brokeMs = 0;
  /** Closed, by us or for good: why there will be no further connection. */
  #ended: PssrError | undefined;
  /** Rejects where there will be no further connection. */
  #reconnected: Promise<void> = Promise.resolve();
  #tellReconnected: () => void = () => undefined;
  #tellEnded: (why: PssrError) => void = () => undefined;

  private constructor(
    nats: Nats,
    manager: JetStreamManager,
    private readonly config: NatsConfig & { natsUrl: readonly string[] },
    private readonly report: (error: unknown, doing: string) => void,
  ) {
    this.#nats = nats;
    this.#timeoutMs = config.natsTimeout;
    this.manager = manager;
    connections.set({ installation: config.natsName }, 1);
    this.jetstream = jetstream(nats, { timeout: config.natsTimeout });
    void this.#follow();
  }

  /**
   * Waits for a server for `natsWait`. UNAVAILABLE where none comes, INVALID_CONFIGURATION where it does not let us in, or has no
   * JetStream.
   */
  static async open(
    config: NatsConfig & { natsUrl: readonly string[] },
    { report, signal }: Abortable & { report: (error: unknown, doing: string) => void },
  ): Promise<NatsConnection> {
    const options = connectionOptions(config);
    const giveUpAt = performance.now() + config.natsWait;
    for (;;) {
      signal?.throwIfAborted();
      try {
        const nats = await connect(options);
        try {
          checkVersion(config, nats);
          const manager = await jetstreamManager(nats, { timeout: config.natsTimeout });
          return new NatsConnection(nats, manager, config, report);
        } catch (error) {
          await nats.close();
          throw error;
        }
      } catch (error) {
        if (isPssrError(error)) throw error;
        if (isRefusal(error)) throw refused(config, error);
        if (performance.now() >= giveUpAt) throw toNatsError(error, `the connection to ${shown(config)}`);
        await sleep(reconnectWaitMs + Math.random() * reconnectJitterMs, undefined, { signal });
      }
    }
  }

  get core(): Nats {
    return this.#nats;
  }

  get connected(): boolean {
    return this.#connected;
  }

  /** There will be no further connection. */
  get isClosed(): boolean {
    return this.#ended !== undefined;
  }

  /** Aborted when it is closed for good though nobody has closed it: the client has given up. */
  get beyondRepair(): AbortSignal {
    return this.#beyondRepair.signal;
  }

  /** What streams, buckets and subjects begin with. */
  get name(): string {
    return this.config.natsName;
  }

  /** How long a request may take, milliseconds. */
  get timeoutMs(): number {
    return this.#timeoutMs;
  }

  get replicas(): number {
    return this.config.natsReplicas;
  }

  /** Waits until a connection stands; resolves with a signal that is aborted when it breaks. UNAVAILABLE once it is closed. */
  async standing({ signal }: Abortable = {}): Promise<AbortSignal> {
    while (!this.#connected) await within(this.#reconnected, { signal });
    return this.#broken.signal;
  }

  /**
   * A request, once a connection stands: gives up with UNAVAILABLE after `natsTimeout`, and with the signal's reason. A request
   * given up may have been carried out.
   */
  async request<T>(doing: string, action: () => Promise<T>, { signal }: Abortable = {}): Promise<T> {
    signal?.throwIfAborted();
    const began = performance.now();
    const left = () => ({ signal, limitMs: Math.max(0, this.#timeoutMs - (performance.now() - began)) });
    try {
      if (!this.#connected) await within(this.#reconnected, left());
      return await within(action(), left());
    } catch (error) {
      signal?.throwIfAborted();
      throw toNatsError(error, doing);
    }
  }

  /**
   * A request that changes nothing. Where the connection breaks before its answer has come, which then never comes, it is sent
   * again over the next one; where there will be no next one, it fails at once. A server that has just started may take a
   * question and never answer it: without an answer it is asked again, some times in all.
   */
  async read<T>(doing: string, action: () => Promise<T>, options: Abortable = {}): Promise<T> {
    const over = new AbortController();
    const untilAnswered = async (): Promise<T> => {
      for (;;) {
        const broken = await this.standing({ signal: over.signal });
        try {
          return await within(action(), { signal: broken, limitMs: this.#timeoutMs / asksInTime });
        } catch (error) {
          const isUnanswered = broken.aborted || (error instanceof DOMException && error.name === "TimeoutError");
          // Nobody waits for it any more: then it is not asked again either.
          if (!isUnanswered || over.signal.aborted) throw error;
        }
      }
    };
    try {
      return await this.request(doing, untilAnswered, options);
    } finally {
      over.abort();
    }
  }

  /** What is on its way is sent before the connection ends; reads that wait for their answer fail. */
  async close(): Promise<void> {
    const wasConnected = this.#connected;
    this.#end("the connection to NATS was closed");
    if (this.#nats.isClosed()) return;
    try {
      if (wasConnected) await this.#nats.drain();
    } catch (error) {
      // It broke while it was drained.
      if (!(error instanceof errors.ClosedConnectionError)) this.report(error, "closing the connection to NATS");
    }
    // Without this one that broke would be made again for ever.
    await this.#nats.close();
  }

  async #follow(): Promise<void> {
    for await (const status of this.#nats.status()) {
      if (status.type === "disconnect") this.#disconnected();
      else if (status.type === "reconnect") this.#stands();
      else if (status.type === "error") this.report(status.error, "on the connection to NATS");
    }
    if (this.#ended !== undefined) return;
    const lost = this.#end("the connection to NATS is closed for good; start this process again");
    this.report(lost, "connected to NATS no more");
    this.#beyondRepair.abort(lost);
  }

  /** There will be no further connection: whatever waits for one, or for an answer over this one, is told. */
  #end(message: string): PssrError {
    if (this.#ended !== undefined) return this.#ended;
    this.#ended = new PssrError("UNAVAILABLE", message);
    this.#disconnected();
    this.#tellEnded(this.#ended);
    return this.#ended;
  }

  #disconnected(): void {
    if (!this.#connected) return;
    this.#connected = false;
    connections.set({ installation: this.name }, 0);
    this.#reconnected = new Promise((resolve, reject) => {
      this.#tellReconnected = resolve;
      this.#tellEnded = reject;
    });
    this.#reconnected.catch(() => undefined); // there may be nobody who waits
    const broken = this.#ended ?? new PssrError("UNAVAILABLE", "the connection to NATS broke; try again");
    this.#brokeMs = performance.now();
    if (this.#ended === undefined && !this.#nats.isClosed())
      this.report(broken, "connecting again for as long as it takes");
    this.#broken.abort(broken);
  }

  #stands(): void {
    if (this.#connected || this.#ended !== undefined) return;
    this.#broken = new AbortController();
    this.#connected = true;
    connections.set({ installation: this.name }, 1);
    reconnects.inc();
    const seconds = Math.round((performance.now() - this.#brokeMs) / 100) / 10;
    this.report(new PssrError("UNAVAILABLE", `NATS was gone for ${seconds} s`), "connected to NATS again");
    this.#tellReconnected();
  }
}

function connectionOptions(config: NatsConfig & { natsUrl: readonly string[] }): ConnectionOptions {
  const { natsCredentials, natsToken, natsUser, natsPassword, natsCaFile, natsCertFile, natsKeyFile } = config;
  if ((natsCertFile === undefined) !== (natsKeyFile === undefined)) {
    const field = natsCertFile === undefined ? "natsCertFile" : "natsKeyFile";
    throw new PssrError("INVALID_CONFIGURATION", `${field}: a certificate and its key go together; set both`, {
      field,
    });
  }
  return {
    servers: [...config.natsUrl],
    name: `pssr-${process.pid}`,
    maxReconnectAttempts: -1,
    reconnectTimeWait: reconnectWaitMs,
    reconnectJitter: reconnectJitterMs,
    reconnectJitterTLS: reconnectJitterMs,
    pingInterval: pingMs,
    maxPingOut: 2,
    timeout: config.natsTimeout,
    ignoreAuthErrorAbort: true,
    ...(natsCredentials === undefined
      ? {}
      : { authenticator: credsAuthenticator(new TextEncoder().encode(natsCredentials)) }),
    ...(natsToken === undefined ? {} : { token: natsToken }),
    ...(natsUser === undefined ? {} : { user: natsUser }),
    ...(natsPassword === undefined ? {} : { pass: natsPassword }),
    ...(!isEncrypted(config)
      ? {}
      : {
          tls: {
            ...(natsCaFile === undefined ? {} : { ca: pem("natsCaFile", natsCaFile) }),
            ...(natsCertFile === undefined ? {} : { cert: pem("natsCertFile", natsCertFile) }),
            ...(natsKeyFile === undefined ? {} : { key: pem("natsKeyFile", natsKeyFile) }),
          },
        }),
  };
}

/** The client takes the addresses without their scheme: what they ask for must be said apart. */
function isEncrypted({ natsUrl, natsCaFile, natsCertFile }: NatsConfig & { natsUrl: readonly string[] }): boolean {
  const encrypted = natsUrl.filter((url) => /^tls:/i.test(url)).length;
  if (encrypted > 0 && encrypted < natsUrl.length) {
    throw new PssrError(
      "INVALID_CONFIGURATION",
      "natsUrl: some addresses begin with tls: and some do not; make all of them encrypted, or none",
      { field: "natsUrl" },
    );
  }
  return encrypted > 0 || natsCaFile !== undefined || natsCertFile !== undefined;
}

function pem(field: string, path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new PssrError("INVALID_CONFIGURATION", `${field}: the file ${path} cannot be read (${why})`, {
      field,
      cause,
    });
  }
}

/** The first that lets single messages expire, which marks of deleted records do. */
const leastVersion = [2, 11] as const;

function checkVersion(config: NatsConfig, nats: Nats): void {
  const version = nats.info?.version ?? "unknown";
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const [leastMajor, leastMinor] = leastVersion;
  if (major > leastMajor || (major === leastMajor && minor >= leastMinor)) return;
  throw new PssrError(
    "INVALID_CONFIGURATION",
    `NATS at ${shown(config)} has version ${version}; at least ${leastVersion.join(".")} is needed: update the server`,
    { field: "natsUrl" },
  );
}

/** The server is there and will say the same the next time. */
function isRefusal(error: unknown): boolean {
  return (
    error instanceof errors.AuthorizationError ||
    error instanceof errors.UserAuthenticationExpiredError ||
    (error instanceof Error &&
      /jetstream (is )?not enabled|JetStreamNotEnabled/i.test(`${error.name} ${error.message}`))
  );
}

function refused(config: NatsConfig, cause: unknown): PssrError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new PssrError(
    "INVALID_CONFIGURATION",
    `NATS at ${shown(config)} does not serve us: ${why}; check its credentials (PSSR_NATS_CREDENTIALS_FILE, …), and that JetStream is enabled`,
    { field: "natsUrl", cause },
  );
}

/** Without credentials that somebody may have put into the address. */
function shown({ natsUrl }: NatsConfig): string {
  return (natsUrl ?? []).map((url) => url.replace(/\/\/[^@/]*@/, "//")).join(", ");
}
