/** All services in one process, on one data directory, talking gRPC on loopback: what `pssr up` and `pssr demo` run. */
import { startCrappify } from "@pssr/crappify";
import { startGateway } from "@pssr/gateway";
import { bearerAuthenticator, createProcessKeyring } from "@pssr/platform";
import { startPredict } from "@pssr/predict";
import { startTrain } from "@pssr/train";
import { Runtime } from "./runtime.js";
import type { InstallationConfig } from "./settings.js";

export interface Installation {
  /** The gateway's address, `host:port`: the one door. */
  readonly address: string;
  /** Stops everything in an orderly way; a later start goes on where this one stopped. */
  close(): Promise<void>;
}

/** Starts everything, the gateway last. Throws DATA_DIRECTORY_LOCKED, INVALID_CONFIGURATION; then nothing is left running. */
export async function startInstallation(config: InstallationConfig): Promise<Installation> {
  const keyring = createProcessKeyring();
  const runtime = await Runtime.open(config, keyring, bearerAuthenticator(keyring));
  try {
    const crappify = await runtime.adopt(startCrappify(config, runtime.context("crappify")));
    const train = await runtime.adopt(startTrain(config, runtime.context("train"), { crappify }));
    const predict = await runtime.adopt(startPredict(config, runtime.context("predict"), { crappify, train }));
    await runtime.work();
    const backends = { crappify, train, predict };
    const address = await runtime.adopt(startGateway(config, runtime.context("gateway"), backends));
    return { address, close: () => runtime.close() };
  } catch (error) {
    await runtime.close();
    throw error;
  }
}
