/** The RPCs of PredictionService. */
import {
  type CreatePredictionRequest,
  type GetPredictionRequest,
  type ListPredictionsRequest,
  type ListPredictionsResponse,
  newResourceId,
  type Operation,
  operationName,
  type Prediction,
  type PredictionServiceImplementation,
  PssrError,
  predictionName,
  projectName,
} from "@pssr/api";
import {
  type CallExtension,
  type Operations,
  operationBefore,
  type RecordKey,
  RecordTable,
  readPageToken,
  type StateStore,
  takePage,
  toOperation,
} from "@pssr/platform";
import type { CallContext } from "nice-grpc-common";
import { toPrediction } from "./message.js";
import type { Peers } from "./peers.js";
import { type OutputImage, outputImageName, releaseOutput, reserveOutput } from "./predictions/output-image.js";
import { predictionKind } from "./predictions/prediction-job.js";
import { type PredictionRecord, predictionsKind } from "./predictions/prediction-record.js";
import { encodeSpec } from "./predictions/prediction-spec.js";
import type { PredictionResolver } from "./predictions/resolve-prediction.js";

type Context = CallContext & CallExtension;

const releaseMs = 5000;

export class PredictionRpcs implements PredictionServiceImplementation<CallExtension> {
  readonly #records: RecordTable<PredictionRecord>;

  constructor(
    private readonly operations: Operations,
    private readonly resolver: PredictionResolver,
    private readonly peers: Peers,
    state: StateStore,
    private readonly report: (error: unknown, doing: string) => void,
  ) {
    this.#records = new RecordTable(state, predictionsKind);
  }

  async createPrediction(request: CreatePredictionRequest, { identity, signal }: Context): Promise<Operation> {
    const { project } = projectName.parse(request.parent, "parent");
    const { requestId, prediction } = request;
    const field = "prediction_id";
    const resource = newResourceId(request.predictionId, requestId, field);
    if (prediction === undefined) {
      throw new PssrError("INVALID_FIELD", "prediction: it is missing; give image and model_version", {
        field: "prediction",
      });
    }
    const { image, modelVersion, outputImage, tileSize } = prediction;
    const asked = { image, modelVersion, outputImage, tileSize };
    const present = await this.#records.get({ project, id: resource }, { signal });
    const same = JSON.stringify(present?.record.asked) === JSON.stringify(asked);
    const before = await operationBefore(this.operations, present?.record, { requestId, same, field }, { signal });
    if (before !== undefined) return before;
    const spec = await this.resolver.resolve(project, asked, { identity, signal });
    const { principal } = identity;
    const owner = operationName.format({ project, operation: `${predictionKind}-${resource}` });
    const output = { name: outputImageName(outputImage, project, resource), owner };
    const submission = { kind: predictionKind, project, principal, resource, requestId, request: encodeSpec(spec) };
    try {
      await reserveOutput(this.peers, output, { principal, signal });
      return toOperation(await this.operations.submit(submission, { signal }));
    } catch (error) {
      const letGo = this.#releaseUnlessUsed({ project, id: resource }, output, principal);
      await letGo.catch((failure: unknown) => this.report(failure, `giving back the id of ${output.name}`));
      throw error;
    }
  }

  /** Of requests with one id, sent at once, another may have begun the operation; what that one makes stays kept. */
  async #releaseUnlessUsed(key: RecordKey, output: OutputImage, principal: string): Promise<void> {
    // The caller may be gone.
    const signal = AbortSignal.timeout(releaseMs);
    const present = await this.#records.get(key, { signal });
    if (present?.record.state === "ACTIVE" && present.record.outputImage === output.name) return;
    await releaseOutput(this.peers, output, { principal, signal });
  }

  async getPrediction({ name }: GetPredictionRequest, { signal }: Context): Promise<Prediction> {
    const { project, prediction: id } = predictionName.parse(name);
    const entry = await this.#records.get({ project, id }, { signal });
    if (entry === undefined) throw new PssrError("NOT_FOUND", `there is no prediction ${name}`, { field: "name" });
    return toPrediction(entry.key, entry.record);
  }

  async listPredictions(request: ListPredictionsRequest, { signal }: Context): Promise<ListPredictionsResponse> {
    const { project } = projectName.parse(request.parent, "parent");
    const entries = this.#records.list(project, readPageToken(request.pageToken), { signal, report: this.report });
    const { items, nextPageToken } = await takePage(entries, request.pageSize, ({ key }) => key.id);
    return { predictions: items.map(({ key, record }) => toPrediction(key, record)), nextPageToken };
  }
}
