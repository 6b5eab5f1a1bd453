/**
 * One service behind the gateway, of one or many instances: its channel, what it serves (asked by reflection, of whichever
 * instance answers), and whether it can be reached.
 *
 * While an update replaces one instance after the other, old and new ones answer in turns and the channel never breaks: so it
 * is asked again at intervals, and what an old instance does not know is kept. Whenever the connection stands anew, what is
 * served then is all that counts.
 */
import { type Channel, connectivityState } from "@grpc/grpc-js";
import type { GrpcLimits, Logger, TlsFiles } from "@pssr/platform";
import { reflect, type ServedServices } from "./reflect.js";
import { serviceChannel } from "./service-channel.js";

const reflectTimeoutMs = 5_000;
const firstRetryMs = 100;
const lastRetryMs = 5_000;

export interface BackendOptions {
  /** For messages and logs: "crappify". */
  readonly name: string;
  /** A target of gRPC: `host:port`, `dns:///host:port`, `ipv4:…,…`. */
  readonly address: string;
  readonly limits: GrpcLimits;
  readonly tls?: TlsFiles | undefined;
  /** How often a service that is there is asked again what it serves, milliseconds. */
  readonly refreshMs: number;
  /** How long it may be away before that is worth a warning, milliseconds: as long as calls wait for it. */
  readonly patienceMs: number;
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
  readonly #log: Logger;
  readonly #closing = new AbortController();
  readonly #following: Promise<void>;
  readonly #firstSeen: Promise<void>;

  constructor(options: BackendOptions) {
    this.#options = options;
    this.name = options.name;
    this.address = options.address;
    this.#log = options.log.child({ backend: this.name, address: this.address });
    this.channel = serviceChannel(options.address, options.limits, options.tls);
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
    let retryMs = firstRetryMs;
    let awaySinceMs: number | undefined;
    let told = false;
    while (!signal.aborted) {
      try {
        this.#learn(await reflect(this.channel, { timeoutMs: reflectTimeoutMs, signal }));
        retryMs = firstRetryMs;
        told = false;
        awaySinceMs = undefined;
        seen();
        await this.#whileConnected(signal);
      } catch (error) {
        if (signal.aborted) return;
        awaySinceMs ??= performance.now();
        // A start and an update are over by then. Once for each time that it goes away: it may take long to come back.
        const warns: boolean = !told && performance.now() - awaySinceMs >= this.#options.patienceMs;
        this.#log[warns ? "warn" : "debug"]({ problem: messageOf(error) }, "backend cannot be reached");
        told ||= warns;
        if (this.#reachable) {
          this.#reachable = false;
          this.#options.changed(this);
        }
        await pause(retryMs, signal);
        retryMs = Math.min(retryMs * 2, lastRetryMs);
      }
    }
  }

  /** Asks again at intervals; returns when the connection that now stands is no more. */
  async #whileConnected(signal: AbortSignal): Promise<void> {
    while (await this.#isConnectedFor(this.#options.refreshMs, signal)) {
      try {
        const served = await reflect(this.channel, { timeoutMs: reflectTimeoutMs, signal });
        if (this.#served === undefined || includes(served, this.#served)) this.#learn(served);
      } catch (error) {
        // The instance that was asked may have just left; as long as there are others, nothing has changed.
        this.#log.debug({ problem: messageOf(error) }, "an instance did not say what it serves");
      }
    }
  }

  #learn(served: ServedServices): void {
    const before = this.#served;
    if (this.#reachable && before !== undefined && isSame(served, before)) return;
    this.#served = served;
    this.#reachable = true;
    this.#log.info({ services: served.services }, "backend is there");
    this.#options.changed(this);
  }

  /** False as soon as the connection that now stands is no more. */
  async #isConnectedFor(ms: number, signal: AbortSignal): Promise<boolean> {
    const { READY } = connectivityState;
    const until = Date.now() + ms;
    while (!signal.aborted && this.channel.getConnectivityState(false) === READY) {
      if (Date.now() >= until) return true;
      await new Promise<void>((resolve) => {
        const done = () => {
          signal.removeEventListener("abort", done);
          resolve();
        };
        signal.addEventListener("abort", done);
        this.channel.watchConnectivityState(READY, until, done);
      });
    }
    return false;
  }
}

/** Whether two looks have seen the same, down to the last message. */
function isSame(one: ServedServices, other: ServedServices): boolean {
  const filesOf = ({ descriptors }: ServedServices) => new Map([...descriptors.files].map((file) => [file.name, file]));
  const [files, others] = [filesOf(one), filesOf(other)];
  return (
    one.services.length === other.services.length &&
    includes(one, other) &&
    files.size === others.size &&
    [...files].every(([name, file]) => others.get(name)?.sameBytes(file.bytes))
  );
}

/** Whether `one` has every method that `other` has. */
function includes(one: ServedServices, other: ServedServices): boolean {
  const services = new Set(one.services);
  if (!other.services.every((service) => services.has(service))) return false;
  return other.services.every((service) => {
    const methods = new Set(one.descriptors.methodsOf(service).map(({ name }) => name));
    return other.descriptors.methodsOf(service).every(({ name }) => methods.has(name));
  });
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
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
