/** Starts the service predict: PredictionService and EvaluationService, their operations, and the workers that restore regions. */
import { EvaluationServiceDefinition, operationName, PredictionServiceDefinition } from "@pssr/api";
import { InferencePool } from "@pssr/inference";
import { grpcService, type RunningService, type ServiceContext, startGrpcServer } from "@pssr/platform";
import type { PredictConfig } from "./config.js";
import { EvaluationJob } from "./evaluation/evaluation-job.js";
import { EvaluationThreads } from "./evaluation/evaluation-threads.js";
import { EvaluationRpcs } from "./evaluation-service.js";
import { ModelFiles } from "./models/model-files.js";
import { type PeerAddresses, Peers } from "./peers.js";
import { PredictionRpcs } from "./prediction-service.js";
import { PredictionJob } from "./predictions/prediction-job.js";
import { PredictionResolver } from "./predictions/resolve-prediction.js";
import { RegionBoard } from "./regions/region-board.js";
import { RegionThreads } from "./regions/region-threads.js";
import { RegionWorkers } from "./regions/region-workers.js";

/** Starts the service and registers the operation kinds "prediction" and "evaluation". */
export async function startPredict(
  config: PredictConfig,
  context: ServiceContext,
  addresses: PeerAddresses,
): Promise<RunningService> {
  const { ports, operations, keyring, authenticator, log, tls } = context;
  const report = (error: unknown, doing: string) => log.warn({ err: error }, doing);
  const peers = new Peers(addresses, keyring, { limits: config, tls });
  const models = new ModelFiles(ports.objects, config.modelCache);
  const board = new RegionBoard(ports.state);
  const inference = new InferencePool({
    workers: config.inferenceWorkers,
    threadsPerWorker: config.inferenceCores,
    provider: config.inferenceProvider,
    maxQueued: Math.max(1, config.regionWorkers * config.tilesInFlight),
  });
  const regionThreads = new RegionThreads(ports.objects, models, inference, {
    threads: Math.max(1, config.regionWorkers),
    tilesInFlight: config.tilesInFlight,
  });
  const regionWorkers = new RegionWorkers(
    { ...ports, board },
    (order, index, call) => regionThreads.restore(order, index, call),
    {
      workers: config.regionWorkers,
      report,
      led: ({ project, operation }, call) => operations.led({ project, id: operation }, call),
      restored: ({ project, operation, index }) =>
        log.debug({ operation: operationName.format({ project, operation }), region: index }, "region restored"),
    },
  );
  const evaluationThreads = new EvaluationThreads(ports.objects, Math.max(1, config.evaluationConcurrency));
  operations.register(
    new PredictionJob(ports, board, peers, {
      concurrency: config.predictionConcurrency,
      window: config.regionWindow,
      patienceMs: config.regionPatience,
    }),
  );
  operations.register(
    new EvaluationJob(ports, peers, (pair, call) => evaluationThreads.measure(pair, call), {
      concurrency: config.evaluationConcurrency,
      maximumPixels: config.evaluationPixels,
    }),
  );
  const resolver = new PredictionResolver(peers, models, { tileMemoryBytes: config.tileMemory });
  const closeParts = async () => {
    await regionWorkers.close();
    await Promise.all([regionThreads.close(), evaluationThreads.close(), inference.close()]);
    peers.close();
  };
  try {
    const server = await startGrpcServer({
      bind: config.predictBind,
      services: [
        grpcService(PredictionServiceDefinition, new PredictionRpcs(operations, resolver, peers, ports.state, report)),
        grpcService(
          EvaluationServiceDefinition,
          new EvaluationRpcs(operations, peers, ports, { maximumPixels: config.evaluationPixels, report }),
        ),
      ],
      authenticator,
      log,
      limits: config,
      tls,
    });
    regionWorkers.start();
    return {
      address: server.address,
      bound: server.bound,
      stopClaiming: () => regionWorkers.stopClaiming(),
      async close(options) {
        // Regions go back at once, for others to take, however long the callers' streams last.
        await Promise.all([regionWorkers.close(), server.close(options)]);
        await closeParts();
      },
    };
  } catch (error) {
    await closeParts();
    throw error;
  }
}
