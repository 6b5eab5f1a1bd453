/** What a process of ours stands on: the ports, operations on them, log; and its end. */
import { isPssrError } from "@pssr/api";
import {
  type Authenticator,
  createLogger,
  type Keyring,
  type OpenPorts,
  Operations,
  openPorts,
  type RunningService,
  type ServiceContext,
} from "@pssr/platform";
import { allowToStop } from "../terminal/stop-limit.js";
import type { ProcessConfig } from "./settings.js";

export class Runtime {
  readonly #config: ProcessConfig;
  readonly #context: ServiceContext;
  readonly #open: OpenPorts;
  readonly #services: RunningService[] = [];
  #working = false;

  private constructor(config: ProcessConfig, context: ServiceContext, open: OpenPorts) {
    this.#config = config;
    this.#context = context;
    this.#open = open;
  }

  /** Opens the ports. Throws DATA_DIRECTORY_LOCKED. */
  static async open(config: ProcessConfig, keyring: Keyring, authenticator: Authenticator): Promise<Runtime> {
    allowToStop(config);
    const open = await openPorts(config);
    try {
      const log = createLogger({ service: "pssr", level: config.logLevel });
      // A typed error is the caller's business and told to him; only what is a fault of ours needs its stack.
      const report = (err: unknown, doing: string) =>
        isPssrError(err) && err.reason !== "INTERNAL"
          ? log.warn({ reason: err.reason, problem: err.message }, doing)
          : log.error({ err }, doing);
      const operations = new Operations(open.ports, {
        exclusive: open.exclusive,
        stopGraceMs: config.workGrace,
        report,
      });
      return new Runtime(config, { ports: open.ports, operations, keyring, authenticator, log }, open);
    } catch (error) {
      await open.close();
      throw error;
    }
  }

  /** What to start a service with. */
  context(service: string): ServiceContext {
    return { ...this.#context, log: createLogger({ service, level: this.#config.logLevel }) };
  }

  /** Takes a service that was started into its care and gives its address. */
  async adopt(service: Promise<RunningService>): Promise<string> {
    const running = await service;
    this.#services.push(running);
    return running.address;
  }

  /** Begins to work, once every service has registered its kinds. */
  async work(): Promise<void> {
    this.#working = true;
    await this.#context.operations.start();
  }

  /** Gives work back with a checkpoint (which ends all watches), then ends the calls that are left, then lets go of the data. */
  async close(): Promise<void> {
    if (this.#working) await this.#context.operations.close();
    await Promise.all(this.#services.map((one) => one.close({ graceMs: this.#config.stopGrace })));
    await this.#open.close();
  }
}
