/** What a process of ours stands on: the locked data directory, the embedded ports on it, operations, log; and its end. */
import { join } from "node:path";
import { isPssrError } from "@pssr/api";
import {
  type Authenticator,
  createLogger,
  DataDirectory,
  FileObjectStore,
  FileStateStore,
  type Keyring,
  MemoryEventBus,
  MemoryWorkQueue,
  Operations,
  type Ports,
  type RunningService,
  type ServiceContext,
} from "@pssr/platform";
import { allowToStop } from "../terminal/stop-limit.js";
import type { ProcessConfig } from "./settings.js";

export class Runtime {
  readonly #config: ProcessConfig;
  readonly #context: ServiceContext;
  readonly #directory: DataDirectory;
  readonly #services: RunningService[] = [];
  #working = false;

  private constructor(config: ProcessConfig, context: ServiceContext, directory: DataDirectory) {
    this.#config = config;
    this.#context = context;
    this.#directory = directory;
  }

  /** Locks the data directory and opens what is in it. Throws DATA_DIRECTORY_LOCKED. */
  static async open(config: ProcessConfig, keyring: Keyring, authenticator: Authenticator): Promise<Runtime> {
    allowToStop(config);
    const directory = await DataDirectory.lock(config.dataDir);
    try {
      const ports: Ports = {
        state: await FileStateStore.open(join(directory.path, "state")),
        objects: await FileObjectStore.open(join(directory.path, "objects")),
        queue: new MemoryWorkQueue(),
        events: new MemoryEventBus(),
      };
      const log = createLogger({ service: "pssr", level: config.logLevel });
      // A typed error is the caller's business and told to him; only what is a fault of ours needs its stack.
      const report = (err: unknown, doing: string) =>
        isPssrError(err) && err.reason !== "INTERNAL"
          ? log.warn({ reason: err.reason, problem: err.message }, doing)
          : log.error({ err }, doing);
      const operations = new Operations(ports, { exclusive: true, stopGraceMs: config.workGrace, report });
      return new Runtime(config, { ports, operations, keyring, authenticator, log }, directory);
    } catch (error) {
      await directory.close();
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
    await this.#directory.close();
  }
}
