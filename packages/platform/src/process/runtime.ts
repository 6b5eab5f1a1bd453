/** What a process of ours stands on: the ports, operations on them, log, telemetry; and its end. */
import { setTimeout as after } from "node:timers/promises";
import type { Authenticator } from "../identity/authenticator.js";
import type { Keyring } from "../identity/keyring.js";
import { createLogger } from "../log/logger.js";
import { isTold, newsInLog } from "../operations/operation-log.js";
import { Operations } from "../operations/operations.js";
import { openPorts } from "../ports/open-ports.js";
import type { OpenPorts } from "../ports/ports.js";
import type { RunningService, ServiceContext } from "../service.js";
import { Telemetry } from "../telemetry/telemetry.js";
import { within } from "../within.js";
import type { ProcessConfig } from "./process-settings.js";

export interface RuntimeOptions {
  /** What runs in the process: a service's name, or "pssr" for all of them. */
  name: string;
  keyring: Keyring;
  /** Who may call the services of this process. */
  authenticator: Authenticator;
  /** Gives a start up that has not ended. */
  signal: AbortSignal;
}

export class Runtime {
  readonly #config: ProcessConfig;
  readonly #context: ServiceContext & { signal: AbortSignal };
  readonly #open: OpenPorts;
  readonly #telemetry: Telemetry;
  readonly #signal: AbortSignal;
  readonly #services: RunningService[] = [];
  #working = false;

  private constructor(
    config: ProcessConfig,
    context: ServiceContext & { signal: AbortSignal },
    open: OpenPorts,
    telemetry: Telemetry,
  ) {
    this.#config = config;
    this.#context = context;
    this.#open = open;
    this.#telemetry = telemetry;
    this.#signal = context.signal;
    const { probes } = telemetry;
    this.#signal.addEventListener("abort", () => this.#beginStop(), { once: true });
    open.beyondRepair.addEventListener("abort", () => probes.beyondRepair(), { once: true });
  }

  /** Opens the telemetry, then the ports. Throws what they do: DATA_DIRECTORY_LOCKED, UNAVAILABLE; and the signal's reason. */
  static async open(config: ProcessConfig, options: RuntimeOptions): Promise<Runtime> {
    const { name, keyring, authenticator, signal } = options;
    const log = createLogger({ service: name, level: config.logLevel });
    const report = (err: unknown, doing: string) =>
      isTold(err) ? log.warn({ reason: err.reason, problem: err.message }, doing) : log.error({ err }, doing);
    const closing: (() => Promise<void>)[] = [];
    try {
      const telemetry = await Telemetry.open(config, { service: name, log });
      closing.push(() => telemetry.close());
      const open = await unlessAborted(openPorts(config, { signal, report }), signal, (late) => late.close());
      closing.push(() => open.close());
      const operations = new Operations(open.ports, {
        exclusive: open.exclusive,
        stopGraceMs: config.workGrace,
        report,
        tell: newsInLog(log),
      });
      const context = { ports: open.ports, operations, keyring, authenticator, log, signal };
      return new Runtime(config, context, open, telemetry);
    } catch (error) {
      for (const close of closing.toReversed()) await close();
      throw error;
    }
  }

  /** What to start a service with. */
  context(service: string): ServiceContext {
    return { ...this.#context, log: createLogger({ service, level: this.#config.logLevel }) };
  }

  /** Takes a service that is being started into its care. */
  async adopt(service: Promise<RunningService>): Promise<Pick<RunningService, "address" | "bound">> {
    const running = await unlessAborted(service, this.#signal, (late) => late.close({ graceMs: 0 }));
    this.#services.push(running);
    return running;
  }

  /** Begins to work, once every service has registered its kinds. */
  async work(): Promise<void> {
    this.#working = true;
    await unlessAborted(this.#context.operations.start(), this.#signal, () => undefined);
  }

  /** Everything that belongs to the process listens and works: callers may come. */
  started(): void {
    this.#telemetry.probes.started();
  }

  /**
   * Is no longer ready and begins no further work, but goes on for a while, as callers still come; gives work back with a
   * checkpoint (which ends all watches), then ends the calls that are left, then lets go of the data, and only then answers no
   * probe any more.
   */
  async close(): Promise<void> {
    const hadCallers = this.#telemetry.probes.isStarted;
    this.#beginStop();
    try {
      if (hadCallers) await after(this.#config.stopDelay);
      if (this.#working) await this.#context.operations.close();
      await Promise.all(this.#services.map((one) => one.close({ graceMs: this.#config.stopGrace })));
      await this.#open.close();
    } finally {
      await this.#telemetry.close();
    }
  }

  /** Once it is asked to stop, and not only when its callers have heard of that. */
  #beginStop(): void {
    this.#telemetry.probes.stopping();
    this.#context.operations.stopClaiming();
    for (const service of this.#services) service.stopClaiming?.();
  }
}

/** What comes, or the signal's reason at once: what then comes all the same goes to `undo`, for it has no owner any more. */
async function unlessAborted<T>(
  coming: Promise<T>,
  signal: AbortSignal,
  undo: (late: T) => Promise<void> | void,
): Promise<T> {
  try {
    return await within(coming, { signal });
  } catch (error) {
    // The process ends with the signal's reason; how a start that nobody waits for ends is of no interest any more.
    if (signal.aborted) coming.then(undo).catch(() => undefined);
    throw error;
  }
}
