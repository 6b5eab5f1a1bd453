/** The RPCs of EvaluationService. */
import {
  type CreateEvaluationRequest,
  type Evaluation,
  type EvaluationPair,
  type EvaluationServiceImplementation,
  evaluationName,
  type GetEvaluationRequest,
  imageName,
  type ListEvaluationsRequest,
  type ListEvaluationsResponse,
  newResourceId,
  type Operation,
  PssrError,
  projectName,
} from "@pssr/api";
import {
  type Abortable,
  type CallExtension,
  type Identity,
  type ObjectStore,
  type Operations,
  operationBefore,
  type RecordEntry,
  RecordTable,
  readPageToken,
  type StateStore,
  takePage,
  toOperation,
} from "@pssr/platform";
import type { CallContext } from "nice-grpc-common";
import { checkPair } from "./evaluation/check-pair.js";
import { evaluationKind, resolvePair } from "./evaluation/evaluation-job.js";
import { type EvaluationRecord, evaluationsKind, type PairIds } from "./evaluation/evaluation-record.js";
import { encodeSpec } from "./evaluation/evaluation-spec.js";
import { fromStoredScores, readScores } from "./evaluation/scores-file.js";
import { toEvaluation } from "./message.js";
import type { Peers } from "./peers.js";

type Context = CallContext & CallExtension;

const mostPairs = 100;

export class EvaluationRpcs implements EvaluationServiceImplementation<CallExtension> {
  readonly #records: RecordTable<EvaluationRecord>;

  constructor(
    private readonly operations: Operations,
    private readonly peers: Peers,
    private readonly stores: { state: StateStore; objects: ObjectStore },
    /** `report` is told of records that cannot be read and are left out of lists. */
    private readonly settings: { maximumPixels: number; report: (error: unknown, doing: string) => void },
  ) {
    this.#records = new RecordTable(stores.state, evaluationsKind);
  }

  async createEvaluation(request: CreateEvaluationRequest, { identity, signal }: Context): Promise<Operation> {
    const { project } = projectName.parse(request.parent, "parent");
    const { requestId } = request;
    const field = "evaluation_id";
    const resource = newResourceId(request.evaluationId, requestId, field);
    const asked = readPairs(project, request.evaluation?.pairs ?? []);
    const present = await this.#records.get({ project, id: resource }, { signal });
    const same = JSON.stringify(present?.record.asked) === JSON.stringify(asked);
    const before = await operationBefore(this.operations, present?.record, { requestId, same, field }, { signal });
    if (before !== undefined) return before;
    await this.#checkPairs(project, asked, identity, { signal });
    const { principal } = identity;
    const spec = encodeSpec({ schemaVersion: 1, pairs: asked });
    const submission = { kind: evaluationKind, project, principal, resource, requestId, request: spec };
    return toOperation(await this.operations.submit(submission, { signal }));
  }

  async getEvaluation({ name }: GetEvaluationRequest, { signal }: Context): Promise<Evaluation> {
    const { project, evaluation: id } = evaluationName.parse(name);
    const entry = await this.#records.get({ project, id }, { signal });
    if (entry === undefined) throw new PssrError("NOT_FOUND", `there is no evaluation ${name}`, { field: "name" });
    return this.#withScores(entry, { signal });
  }

  async listEvaluations(request: ListEvaluationsRequest, { signal }: Context): Promise<ListEvaluationsResponse> {
    const { project } = projectName.parse(request.parent, "parent");
    const entries = this.#records.list(project, readPageToken(request.pageToken), {
      signal,
      report: this.settings.report,
    });
    const { items, nextPageToken } = await takePage(entries, request.pageSize, ({ key }) => key.id);
    const evaluations = [];
    for (const entry of items) {
      evaluations.push({ ...(await this.#withScores(entry, { signal })), pairs: [], results: [] });
    }
    return { evaluations, nextPageToken };
  }

  async #withScores({ key, record }: RecordEntry<EvaluationRecord>, options: Abortable): Promise<Evaluation> {
    const { scores, scoresObject } = record;
    if (scoresObject === undefined) return toEvaluation(key, record, scores && fromStoredScores(scores));
    return toEvaluation(key, record, await readScores(this.stores.objects, scoresObject, options));
  }

  /** Early, so that a caller learns of a wrong pair by the call, not by the operation. */
  async #checkPairs(
    project: string,
    pairs: readonly PairIds[],
    identity: Identity,
    { signal }: Abortable,
  ): Promise<void> {
    for (const [index, pair] of pairs.entries()) {
      const path = `evaluation.pairs[${index}]`;
      const resolved = await resolvePair(project, pair, path, this.peers, identity, { signal });
      checkPair(resolved, this.settings.maximumPixels, path);
    }
  }
}

function readPairs(project: string, pairs: readonly EvaluationPair[]): PairIds[] {
  if (pairs.length === 0 || pairs.length > mostPairs) {
    const field = "evaluation.pairs";
    throw new PssrError("INVALID_FIELD", `${field}: there are ${pairs.length}; give 1 to ${mostPairs}`, { field });
  }
  return pairs.map(({ image, reference, input }, index) => {
    const path = `evaluation.pairs[${index}]`;
    return {
      image: readImage(project, image, `${path}.image`),
      reference: readImage(project, reference, `${path}.reference`),
      input: input === "" ? "" : readImage(project, input, `${path}.input`),
    };
  });
}

/** The image's id. An operation works within its project, so all it reads must lie there. */
function readImage(project: string, name: string, field: string): string {
  const parts = imageName.parse(name, field);
  if (parts.project === project) return parts.image;
  throw new PssrError(
    "INVALID_FIELD",
    `${field}: it lies in the project "${parts.project}"; an evaluation in "${project}" compares what is there`,
    { field },
  );
}
