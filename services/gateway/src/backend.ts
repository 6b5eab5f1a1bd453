/**
 * One service behind the gateway: its channel, what it serves (asked by reflection whenever the connection stands anew),
 * and whether it can be reached.
 */
import { Channel, connectivityState, credentials } from "@grpc/grpc-js";
import { channelOptions, type GrpcLimits, type Logger } from "@pssr/platform";
import { reflect, type ServedServices } from "./reflect.js";

const reflectTimeoutMs = 5_000;
const firstRetryMs = 100;
const lastRetryMs = 5_000;

export interface BackendOptions {
  /** For messages and logs: "crappify". */
  readonly name: string;
  /** `host:port` or `dns:///host:port`. */
  readonly address: string;
  readonly limits: GrpcLimits;
  readonly log: Logger;
  /** Called whenever `reachable` or `served` has changed. */
  readonly changed: (backend: Backend) => void;
}

export class Backend {
  readonly name: string;
  readonly address: string;
  readonly channel: Channel;
  #served: ServedServices | undefined;
  #reachable = false;
  readonly #options: BackendOptions;
  readonly #closing = new AbortController();
  readonly #following: Promise<void>;
  readonly #firstSeen: Promise<void>;

  constructor(options: BackendOptions) {
    this.#options = options;
    this.name = options.name;
    this.address = options.address;
    this.channel = new Channel(options.address, credentials.createInsecure(), {
      ...channelOptions(options.limits),
      // A retry would buffer messages outside the byte bound; what is safe to repeat only the caller knows.
      "grpc.enable_retries": 0,
    });
    let seen: () => void = () => {};
    this.#firstSeen = new Promise((done) => {
      seen = done;
    });
    this.#following = this.#follow(seen);
  }

  /** What it served when last asked; undefined until it was reached once. */
  get served(): ServedServices | undefined {
    return this.#served;
  }

  get reachable(): boolean {
    return this.#reachable;
  }

  /** Returns once it has been reached. */
  firstSeen(): Promise<void> {
    return this.#firstSeen;
  }

  async close(): Promise<void> {
    this.#closing.abort();
    this.channel.close();
    await this.#following;
  }

  async #follow(seen: () => void): Promise<void> {
    const { signal } = this.#closing;
    const { log, changed } = this.#options;
    let retryMs = firstRetryMs;
    while (!signal.aborted) {
      try {
        this.#served = await reflect(this.channel, { timeoutMs: reflectTimeoutMs, signal });
        this.#reachable = true;
        retryMs = firstRetryMs;
        log.info({ backend: this.name, address: this.address, services: this.#served.services }, "backend is there");
        changed(this);
        seen();
        await this.#disconnected(signal);
      } catch (error) {
        if (signal.aborted) return;
        log.warn({ backend: this.name, address: this.address, err: error }, "backend cannot be reached");
        if (this.#reachable) {
          this.#reachable = false;
          changed(this);
        }
        await pause(retryMs, signal);
        retryMs = Math.min(retryMs * 2, lastRetryMs);
      }
    }
  }

  /** Returns when the connection that now stands is no more. */
  async #disconnected(signal: AbortSignal): Promise<void> {
    const { READY } = connectivityState;
    while (!signal.aborted && this.channel.getConnectivityState(false) === READY) {
      await new Promise<void>((resolve) => {
        const done = () => {
          signal.removeEventListener("abort", done);
          resolve();
        };
        signal.addEventListener("abort", done);
        this.channel.watchConnectivityState(READY, Number.POSITIVE_INFINITY, done);
      });
    }
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((done) => {
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      done();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener("abort", end, { once: true });
  });
}
