/** Starts the service train: TrainingService and ModelService, and the workers that do the trainings. */
import {
  CrappifierServiceDefinition,
  DatasetServiceDefinition,
  ModelServiceDefinition,
  TrainingServiceDefinition,
} from "@pssr/api";
import {
  connectService,
  grpcService,
  limitsOf,
  RecordTable,
  type RunningService,
  type ServiceContext,
  startGrpcServer,
} from "@pssr/platform";
import type { TrainConfig } from "./config.js";
import { ModelRpcs } from "./model-service.js";
import { committedVersion } from "./models/committed-version.js";
import { addModelVersion, type ModelRecord, type ModelVersionRecord } from "./models/model-records.js";
import { sweepScratchFolders } from "./process/scratch-folder.js";
import { TrainingRpcs } from "./training-service.js";
import { checkNativeLibrary, nativePackage } from "./trainings/native-library.js";
import { runTraining } from "./trainings/training-job.js";
import { materialiseTraining, rememberCurve, type TrainingRecord } from "./trainings/training-record.js";

export interface TrainPeers {
  /** Address of the crappify service. */
  crappify: string;
}

/** Starts the service and registers the operation kind "training". */
export async function startTrain(
  config: TrainConfig,
  context: ServiceContext,
  peers: TrainPeers,
): Promise<RunningService> {
  const { operations, keyring, authenticator, log, tls } = context;
  const { state, objects } = context.ports;
  const report = (err: unknown, doing: string) => log.error({ err }, doing);
  const trainings = new RecordTable<TrainingRecord>(state, "trainings");
  const tables = {
    models: new RecordTable<ModelRecord>(state, "models"),
    versions: new RecordTable<ModelVersionRecord>(state, "model-versions"),
  };
  operations.register({
    kind: "training",
    concurrency: config.trainConcurrency,
    run: (job) =>
      runTraining(job, {
        objects,
        keyring,
        log: log.child({ training: job.record.resource }),
        crappify: { address: peers.crappify, limits: limitsOf(config), tls },
        checkpointSeconds: config.checkpointInterval / 1000,
        validationTiles: config.validationTiles,
        storedCurve: (record, curve) => rememberCurve(trainings, record, curve, {}),
      }),
    async materialise(record, options) {
      const version = await committedVersion(objects, tables, record, options);
      if (version !== undefined) await addModelVersion(tables, version, options);
      await materialiseTraining(trainings, objects, record, options);
    },
    exists: async (project, id, options) => (await trainings.get({ project, id }, options)) !== undefined,
  });

  await sweepScratchFolders().catch((err: unknown) => log.warn({ err }, "an abandoned scratch folder stays"));
  const crappify = connectService(peers.crappify, { peer: "crappify", limits: config, tls });
  const datasets = crappify.client(DatasetServiceDefinition);
  const crappifiers = crappify.client(CrappifierServiceDefinition);
  // A process without trainers takes trainings in for others, which have the library.
  const checkTrainer = () => {
    if (config.trainConcurrency > 0) checkNativeLibrary(nativePackage());
  };
  const serving = startGrpcServer({
    bind: config.trainBind,
    authenticator,
    log,
    limits: config,
    tls,
    services: [
      grpcService(
        TrainingServiceDefinition,
        new TrainingRpcs({ trainings, objects, operations, keyring, datasets, crappifiers, checkTrainer, report }),
      ),
      grpcService(ModelServiceDefinition, new ModelRpcs(tables, objects, report)),
    ],
  });
  const server = await serving.catch((error: unknown) => {
    crappify.close();
    throw error;
  });
  return {
    address: server.address,
    bound: server.bound,
    async close(options) {
      await server.close(options);
      crappify.close();
    },
  };
}
