/**
 * What every service is started with, and what it gives back: the same for all, so that whoever composes an installation
 * (all in one process, or one process each) treats them alike.
 *
 *     const train = await startTrain(config, context, { crappify: crappify.address });   // registers its kinds of operation
 *     await context.operations.start();                                                  // once all kinds are registered
 */
import type { TlsFiles } from "./grpc/tls.js";
import type { Authenticator } from "./identity/authenticator.js";
import type { Keyring } from "./identity/keyring.js";
import type { Logger } from "./log/logger.js";
import type { Operations } from "./operations/operations.js";
import type { Ports } from "./ports/ports.js";

export interface ServiceContext {
  ports: Ports;
  /** One per process: services register their kinds on it before it is started. */
  operations: Operations;
  /** Signs and verifies the identity that services hand to each other. */
  keyring: Keyring;
  /** Who may call this service. */
  authenticator: Authenticator;
  log: Logger;
  /** How this process' server is known and whom its calls trust; absent where all is one process. */
  tls?: TlsFiles;
  /** Aborted when the process is asked to stop, so that a service that is still starting need not go on. */
  signal?: AbortSignal;
}

export interface RunningService {
  /** Where to call it, `host:port`. */
  readonly address: string;
  /** Where it listens: on all addresses of this machine, perhaps. */
  readonly bound: string;
  /** Takes no further work from queues of its own (operations are not its business); work under way and calls go on. */
  stopClaiming?(): void;
  /** Takes no new calls, gives those under way `graceMs` to end, and lets go of everything it holds. */
  close(options: { graceMs: number }): Promise<void>;
}
