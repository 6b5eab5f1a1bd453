/** Starts the service optimize: FitService, and the workers that do the fits. */
import { FitServiceDefinition } from "@pssr/api";
import { grpcService, type RunningService, type ServiceContext, startGrpcServer } from "@pssr/platform";
import type { OptimizeConfig } from "./config.js";
import { FitRpcs } from "./fit-service.js";
import { FitJob } from "./fits/fit-job.js";
import { FitThreads } from "./fitting/fit-threads.js";
import { type PeerAddresses, Peers } from "./peers.js";

/** Starts the service and registers the operation kind "fit". */
export async function startOptimize(
  config: OptimizeConfig,
  context: ServiceContext,
  addresses: PeerAddresses,
): Promise<RunningService> {
  const { ports, operations, keyring, authenticator, log, tls } = context;
  const report = (error: unknown, doing: string) => log.warn({ err: error }, doing);
  const peers = new Peers(addresses, keyring, { limits: config, tls });
  const threads = new FitThreads(Math.max(1, config.fitConcurrency));
  const closeParts = async () => {
    await threads.close();
    peers.close();
  };
  operations.register(
    new FitJob(ports, peers, threads, {
      concurrency: config.fitConcurrency,
      tilesInFlight: config.fitTilesInFlight,
      patienceMs: config.fitPatience,
      log,
    }),
  );
  try {
    const rpcs = new FitRpcs(operations, peers, ports, { tileBytes: config.fitTileMemory, report });
    const server = await startGrpcServer({
      bind: config.optimizeBind,
      services: [grpcService(FitServiceDefinition, rpcs)],
      authenticator,
      log,
      limits: config,
      tls,
    });
    return {
      address: server.address,
      bound: server.bound,
      async close(options) {
        await server.close(options);
        await closeParts();
      },
    };
  } catch (error) {
    await closeParts();
    throw error;
  }
}
