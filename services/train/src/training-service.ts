/** The RPCs of TrainingService: validate, decide, delegate. */
import {
  type CrappifierServiceClient,
  type CreateTrainingRequest,
  type Dataset,
  type DatasetServiceClient,
  datasetName,
  type GetTrainingRequest,
  isPssrError,
  type ListTrainingsRequest,
  type ListTrainingsResponse,
  newResourceId,
  type Operation,
  operationName,
  PssrError,
  projectName,
  type ReadLossCurveRequest,
  type ReadLossCurveResponse,
  Training,
  trainingName,
} from "@pssr/api";
import { type Crappifier, fromCrappifierMessage, resolveCrappifier } from "@pssr/crappifiers";
import {
  type CallExtension,
  type Keyring,
  mintFor,
  type ObjectStore,
  type Operations,
  operationBefore,
  type RecordTable,
  readPageToken,
  takePage,
  toOperation,
  typedMessage,
} from "@pssr/platform";
import { type CallContext, Metadata } from "nice-grpc";
import { latestId } from "./model-service.js";
import { LossCurve } from "./trainings/loss-curve.js";
import { asksForSame } from "./trainings/repeated-request.js";
import { resolveTraining } from "./trainings/resolve-training.js";
import { fromTrainingRecord, type TrainingRecord } from "./trainings/training-record.js";

const MOST_POINTS = 10_000;

export interface TrainingServiceOptions {
  trainings: RecordTable<TrainingRecord>;
  objects: ObjectStore;
  operations: Operations;
  keyring: Keyring;
  /** The owner of datasets and of saved crappifiers, called with an identity that acts for the caller. */
  datasets: DatasetServiceClient;
  crappifiers: CrappifierServiceClient;
  /** Throws NATIVE_LIBRARY_MISSING where trainings cannot run. */
  checkTrainer(): void;
  /** Told of records that cannot be read and are left out of lists. */
  report: (error: unknown, doing: string) => void;
}

interface PeerCall {
  metadata: Metadata;
  signal: AbortSignal;
}

export class TrainingRpcs {
  readonly #options: TrainingServiceOptions;

  constructor(options: TrainingServiceOptions) {
    this.#options = options;
  }

  async createTraining(
    request: CreateTrainingRequest,
    { identity, signal }: CallContext & CallExtension,
  ): Promise<Operation> {
    const { project } = projectName.parse(request.parent, "parent");
    const asked = checkRequest(request, project);
    const id = newResourceId(request.trainingId, request.requestId, "training_id");
    const repeated = await this.#repeated(project, id, request.requestId, asked, signal);
    if (repeated !== undefined) return repeated;

    this.#options.checkTrainer();
    const metadata = await this.#actingFor(project, identity.principal);
    const dataset = await this.#dataset(asked.dataset, { metadata, signal });
    const path = "training.crappifier";
    const named = await resolveCrappifier(asked.crappifier, path, project, (name) =>
      this.#savedCrappifier(name, path, { metadata, signal }),
    );
    const training: Training = {
      ...resolveTraining(asked, project, id, dataset, named),
      name: trainingName.format({ project, training: id }),
      operation: operationName.format({ project, operation: operationIdOf(id) }),
    };
    const view = await this.#options.operations.submit(
      {
        kind: "training",
        project,
        principal: identity.principal,
        resource: id,
        requestId: request.requestId,
        request: typedMessage("Training", Training.encode(training).finish()),
      },
      { signal },
    );
    return toOperation(view);
  }

  async getTraining({ name }: GetTrainingRequest, { signal }: CallContext): Promise<Training> {
    return fromTrainingRecord((await this.#find(name, signal)).record);
  }

  async listTrainings(request: ListTrainingsRequest, { signal }: CallContext): Promise<ListTrainingsResponse> {
    const { project } = projectName.parse(request.parent, "parent");
    const entries = this.#options.trainings.list(project, readPageToken(request.pageToken), {
      signal,
      report: this.#options.report,
    });
    const { items, nextPageToken } = await takePage(entries, request.pageSize, (entry) => entry.key.id);
    return { trainings: items.map((entry) => fromTrainingRecord(entry.record)), nextPageToken };
  }

  async readLossCurve(request: ReadLossCurveRequest, { signal }: CallContext): Promise<ReadLossCurveResponse> {
    const { name, fromStep, pageSize } = request;
    if (pageSize < 0 || pageSize > MOST_POINTS)
      throw invalid("page_size", `${pageSize} is outside 0 to ${MOST_POINTS}`);
    if (fromStep < 0n) throw invalid("from_step", `${fromStep} is below 0; steps are counted from 1`);
    const curve = await this.#readCurve(name, signal);
    return curve.page(fromStep, pageSize || 1000);
  }

  /** The curve so far; empty before it was first stored. */
  async #readCurve(name: string, signal: AbortSignal): Promise<LossCurve> {
    for (let known: string | undefined; ; ) {
      const { curve } = (await this.#find(name, signal)).record;
      if (curve === undefined) return new LossCurve();
      try {
        return LossCurve.fromBytes(await this.#options.objects.getBytes(curve.key, LossCurve.mostBytes, { signal }));
      } catch (error) {
        // A newer one has just taken its place; but if the record names it still, it is really gone.
        if (!isPssrError(error, "NOT_FOUND") || curve.key === known) throw error;
        known = curve.key;
      }
    }
  }

  /** The operation that this request began already, whatever has become of its dataset and of the defaults since. */
  async #repeated(
    project: string,
    id: string,
    requestId: string,
    asked: Training,
    signal: AbortSignal,
  ): Promise<Operation | undefined> {
    const entry = await this.#options.trainings.get({ project, id }, { signal });
    if (entry === undefined) return undefined;
    const made = {
      requestId: entry.record.requestId,
      operation: operationName.format({ project, operation: operationIdOf(id) }),
    };
    const same = asksForSame(asked, fromTrainingRecord(entry.record));
    return operationBefore(this.#options.operations, made, { requestId, same, field: "training_id" }, { signal });
  }

  async #actingFor(project: string, principal: string): Promise<Metadata> {
    const token = await mintFor(this.#options.keyring, project, principal);
    return new Metadata().set("authorization", `Bearer ${token}`);
  }

  async #dataset(name: string, options: PeerCall): Promise<Dataset> {
    try {
      return await this.#options.datasets.getDataset({ name }, options);
    } catch (error) {
      if (!isPssrError(error, "NOT_FOUND")) throw error;
      // The other service names its own field; a caller of this one knows another.
      const message = `training.dataset: there is no dataset "${name}"; ListDatasets names those there are`;
      throw new PssrError("NOT_FOUND", message, { field: "training.dataset", cause: error });
    }
  }

  async #savedCrappifier(name: string, path: string, options: PeerCall): Promise<Crappifier | undefined> {
    try {
      const { crappifier } = await this.#options.crappifiers.getCrappifier({ name }, options);
      return fromCrappifierMessage(crappifier, path);
    } catch (error) {
      if (isPssrError(error, "NOT_FOUND")) return undefined;
      throw error;
    }
  }

  async #find(name: string, signal: AbortSignal) {
    const { project, training } = trainingName.parse(name);
    const entry = await this.#options.trainings.get({ project, id: training }, { signal });
    if (entry === undefined) throw new PssrError("NOT_FOUND", `${name} does not exist; ListTrainings shows what does`);
    return entry;
  }
}

/** What can be said of a request without asking anybody. */
function checkRequest({ training, trainingId }: CreateTrainingRequest, project: string): Training {
  if (training === undefined) throw invalid("training", "give the training to create");
  if (datasetName.parse(training.dataset, "training.dataset").project !== project) {
    throw invalid("training.dataset", `the dataset must be of the training's own project, projects/${project}`);
  }
  if (trainingId === latestId) throw invalid("training_id", `"${latestId}" stands for a model's newest version`);
  return training;
}

function operationIdOf(id: string): string {
  return `training-${id}`;
}

function invalid(field: string, problem: string): PssrError {
  return new PssrError("INVALID_FIELD", `${field}: ${problem}`, { field });
}
