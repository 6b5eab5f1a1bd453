/** All services in one process, talking gRPC on loopback: what `pssr up` and `pssr demo` run. */
import { startCrappify } from "@pssr/crappify";
import { startGateway } from "@pssr/gateway";
import { startOptimize } from "@pssr/optimize";
import { bearerAuthenticator, createProcessKeyring, type Running, Runtime, type StartOptions } from "@pssr/platform";
import { startPredict } from "@pssr/predict";
import { startTrain } from "@pssr/train";
import type { InstallationConfig } from "./settings.js";

/**
 * Starts everything, the gateway last; its address is the one door. Throws DATA_DIRECTORY_LOCKED, INVALID_CONFIGURATION, the
 * signal's reason; then nothing is left running.
 */
export async function startInstallation(config: InstallationConfig, { signal, allow }: StartOptions): Promise<Running> {
  allow(config);
  const keyring = createProcessKeyring();
  const authenticator = bearerAuthenticator(keyring);
  const runtime = await Runtime.open(config, { name: "pssr", keyring, authenticator, signal });
  try {
    const { address: crappify } = await runtime.adopt(startCrappify(config, runtime.context("crappify")));
    const { address: train } = await runtime.adopt(startTrain(config, runtime.context("train"), { crappify }));
    const { address: predict } = await runtime.adopt(
      startPredict(config, runtime.context("predict"), { crappify, train }),
    );
    const { address: optimize } = await runtime.adopt(startOptimize(config, runtime.context("optimize"), { crappify }));
    await runtime.work();
    const backends = { crappify, train, predict, optimize };
    const { address, bound } = await runtime.adopt(startGateway(config, runtime.context("gateway"), backends));
    runtime.started();
    return { address, bound, close: () => runtime.close() };
  } catch (error) {
    await runtime.close();
    throw error;
  }
}
