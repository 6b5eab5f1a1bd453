/**
 * A service as a process of its own, as a cluster runs it: told where its peers are, and with the keys that all services of
 * the installation share. On the embedded adapters each process has a data directory of its own, so services that share
 * images and work must share the cluster's adapters; crappify is of use alone.
 *
 *     export const trainProgram = serviceProgram({ name: "train", settings: {…}, start: (config, context) => … });
 *     process.exitCode = await runProgram(trainProgram, process.argv.slice(2));      // services/train/src/main.ts
 */
import { type ConfigSources, loadConfig } from "../config/load-config.js";
import { type Config, type Settings, secret, setting } from "../config/setting.js";
import { target } from "../config/setting-kinds.js";
import { warnOfUnknownVariables } from "../config/unknown-variables.js";
import { tlsFilesOf, tlsSettings } from "../grpc/tls.js";
import { bearerAuthenticator } from "../identity/authenticator.js";
import { identityKeys, sharedKeyring } from "../identity/identity-keys.js";
import { createLogger } from "../log/logger.js";
import type { RunningService, ServiceContext } from "../service.js";
import { type ProcessConfig, processSettings } from "./process-settings.js";
import { Runtime } from "./runtime.js";

/** The settings of every process that runs one service. */
export const programSettings = {
  ...processSettings,
  ...tlsSettings,
  identityKey: secret(identityKeys(), {
    description: "Keys that sign the identity which services hand to each other; the same for all",
  }),
} as const;

export type ProgramConfig = Config<typeof programSettings>;

/** Where a peer is called: its setting in a process that runs one service. */
export function peerSetting(name: string, port: number) {
  return setting(target(), { default: `127.0.0.1:${port}`, description: `Where ${name} listens` });
}

export interface ServiceProgram<S extends Settings = typeof programSettings> {
  /** As in "train listens on …". */
  readonly name: string;
  /** Those of the service, of its process, and its peers'. */
  readonly settings: S;
  start(config: Config<S>, context: ServiceContext): Promise<RunningService>;
}

/** A program of these settings beside those that every process has. */
export function serviceProgram<S extends Settings>(
  program: ServiceProgram<S>,
): ServiceProgram<S & typeof programSettings> {
  return { ...program, settings: { ...programSettings, ...program.settings } };
}

/** Something started that has an address, to be called by from this machine, and an end. */
export interface Running {
  readonly address: string;
  /** Where it listens: on all addresses of this machine, perhaps. */
  readonly bound: string;
  /** Stops everything in an orderly way; a later start goes on where this one stopped. */
  close(): Promise<void>;
}

export interface StartOptions {
  /** Gives the start up. */
  signal: AbortSignal;
  /** Told how long an orderly stop may take, before anything is started. */
  allow(config: ProcessConfig): void;
}

/** Starts a service alone in this process. Throws INVALID_CONFIGURATION and what else hinders it; then nothing is left running. */
export async function startProgram<S extends typeof programSettings>(
  program: ServiceProgram<S>,
  sources: ConfigSources,
  { signal, allow }: StartOptions,
): Promise<Running> {
  const config = loadConfig(program.settings, sources);
  const own: ProgramConfig = config;
  warnOfUnknownVariables(sources.env, createLogger({ service: program.name, level: own.logLevel }));
  const keyring = sharedKeyring(own.identityKey);
  allow(own);
  const { name } = program;
  const runtime = await Runtime.open(own, { name, keyring, authenticator: bearerAuthenticator(keyring), signal });
  try {
    const context = { ...runtime.context(name), tls: tlsFilesOf(own) };
    const { address, bound } = await runtime.adopt(program.start(config, context));
    await runtime.work();
    runtime.started();
    return { address, bound, close: () => runtime.close() };
  } catch (error) {
    await runtime.close();
    throw error;
  }
}
