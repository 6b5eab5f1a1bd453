/** The service train on real embedded ports in a directory, with clients of it. It can be closed and opened again there. */
import { join } from "node:path";
import {
  ModelServiceDefinition,
  type Operation,
  OperationMetadata,
  PssrError,
  Training,
  TrainingServiceDefinition,
} from "@pssr/api";
import {
  bearerAuthenticator,
  connectService,
  createKeyring,
  createLogger,
  DataDirectory,
  FileObjectStore,
  FileStateStore,
  type Keyring,
  loadConfig,
  MemoryEventBus,
  MemoryWorkQueue,
  Operations,
  type OperationView,
  tokenSource,
  toOperation,
} from "@pssr/platform";
import { startTrain, type TrainConfig, trainSettings } from "../dist/index.js";

export const parent = "projects/em";

/** One key for all processes of a test. */
export function testKeyring(): Keyring {
  const secret = new Uint8Array(32).fill(7);
  return createKeyring([{ id: "test", algorithm: "HS256", sign: secret, verify: secret }], { configured: true });
}

export interface InstallationOptions {
  directory: string;
  /** Address of the service that gives pairs. */
  crappify: string;
  keyring: Keyring;
  config?: Partial<TrainConfig>;
  /** Time that work gets to stop, milliseconds. */
  stopGraceMs?: number;
}

export type Installation = Awaited<ReturnType<typeof openInstallation>>;

export async function openInstallation({
  directory,
  crappify,
  keyring,
  config,
  stopGraceMs = 4_000,
}: InstallationOptions) {
  const lock = await DataDirectory.lock(directory);
  const ports = {
    state: await FileStateStore.open(join(directory, "state")),
    objects: await FileObjectStore.open(join(directory, "objects")),
    queue: new MemoryWorkQueue(),
    events: new MemoryEventBus(),
  };
  const reports: string[] = [];
  const report = (error: unknown, doing: string) => {
    reports.push(`${doing}: ${error instanceof Error ? error.stack : String(error)}`);
  };
  const operations = new Operations(ports, { exclusive: true, sweepMs: 200, retryMs: 50, stopGraceMs, report });
  const log = createLogger({ service: "train", level: "fatal" });
  const service = await startTrain(
    { ...loadConfig(trainSettings, { argv: [], env: {} }), ...config },
    { ports, operations, keyring, authenticator: bearerAuthenticator(keyring), log },
    { crappify },
  );
  await operations.start();
  const token = tokenSource(keyring, { principal: "ann", projects: ["em"], role: "operator" });
  const connection = connectService(service.address, { peer: "train", token });
  return {
    ports,
    operations,
    /** What operations reported. */
    reports,
    trainings: connection.client(TrainingServiceDefinition),
    models: connection.client(ModelServiceDefinition),
    /** As a process closes that is asked to stop. */
    async close() {
      await operations.close();
      await service.close({ graceMs: 100 });
      connection.close();
      await lock.close();
    },
  };
}

/** The first state of an operation that meets a condition. */
export async function stateOf(
  { operations, reports }: Installation,
  { name }: Pick<Operation, "name">,
  reached: (metadata: OperationMetadata, view: OperationView) => boolean,
): Promise<OperationMetadata> {
  for await (const view of operations.watch(name)) {
    const metadata = OperationMetadata.decode(toOperation(view).metadata!.value);
    if (reached(metadata, view)) return metadata;
    if (view.done) throw new Error(`${name} ended before that: ${JSON.stringify(view.error)}\n${reports.join("\n")}`);
  }
  throw new Error(`the watch of ${name} ended`);
}

/** The training once its operation has succeeded; throws the operation's error. */
export async function finished({ operations, reports }: Installation, { name }: Operation): Promise<Training> {
  const { result, error } = await operations.wait(name);
  if (result !== undefined) return Training.decode(result.bytes);
  if (error?.reason === "INTERNAL") throw new Error(reports.join("\n"));
  const { reason, message, field, metadata } = error!;
  throw new PssrError(reason, message, { ...(field && { field }), metadata });
}

/** The steps and losses of a training, read in pages. */
export async function lossesOf({ trainings }: Installation, name: string, pageSize = 0): Promise<Map<number, number>> {
  const losses = new Map<number, number>();
  for (let fromStep = 0n; ; ) {
    const { points, nextStep } = await trainings.readLossCurve({ name, fromStep, pageSize });
    for (const { step, loss } of points) {
      if (losses.has(Number(step))) throw new Error(`step ${step} came twice`);
      losses.set(Number(step), loss);
    }
    if (nextStep === 0n) return losses;
    fromStep = nextStep;
  }
}
