/** The operation "evaluation": measures pair after pair, each in a thread, and keeps the scores. */
import { imageName, operationName } from "@pssr/api";
import {
  type Abortable,
  bringInLine,
  type Identity,
  type JobContext,
  type JobKind,
  type JobResult,
  maximumBytes,
  type ObjectStore,
  type OperationRecord,
  type RecordKey,
  RecordTable,
  type StateStore,
  workerIdentity,
} from "@pssr/platform";
import { fromImage, toEvaluation, toEvaluationResult, toProgress } from "../message.js";
import type { Peers } from "../peers.js";
import { resourceStateOf } from "../predictions/prediction-record.js";
import type { InputImage } from "../predictions/prediction-spec.js";
import { checkPair } from "./check-pair.js";
import { type EvaluationRecord, evaluationsKind, type PairIds } from "./evaluation-record.js";
import { decodeSpec } from "./evaluation-spec.js";
import type { Score } from "./scores.js";
import { encodeScores, readScores, toStoredScores } from "./scores-file.js";

export const evaluationKind = "evaluation";

export interface ResolvedPair {
  readonly image: InputImage;
  readonly reference: InputImage;
  readonly input: InputImage | undefined;
}

/** Measures a pair off the event loop. */
export type MeasurePair = (pair: ResolvedPair, options: { signal: AbortSignal }) => Promise<Score[]>;

export interface EvaluationJobSettings {
  concurrency: number;
  maximumPixels: number;
}

/** Scores beyond this stay in their object. */
const longestInRecord = 24 * 1024;

export class EvaluationJob implements JobKind {
  readonly kind = evaluationKind;
  readonly concurrency: number;
  readonly #records: RecordTable<EvaluationRecord>;

  constructor(
    private readonly ports: { state: StateStore; objects: ObjectStore },
    private readonly peers: Peers,
    private readonly measure: MeasurePair,
    private readonly settings: EvaluationJobSettings,
  ) {
    this.concurrency = settings.concurrency;
    this.#records = new RecordTable(ports.state, evaluationsKind);
  }

  async run(job: JobContext): Promise<JobResult> {
    const { record, signal } = job;
    const { pairs } = decodeSpec(record.request);
    const identity = workerIdentity(record.project, record.principal);
    const scores: Score[][] = [];
    const tell = () => {
      const [done, total] = [scores.length, pairs.length];
      job.progress(toProgress({ phase: "measuring", done, total, unit: "pairs" }));
    };
    tell();
    for (const [index, pair] of pairs.entries()) {
      const path = `evaluation.pairs[${index}]`;
      const resolved = await resolvePair(record.project, pair, path, this.peers, identity, { signal });
      checkPair(resolved, this.settings.maximumPixels, path);
      scores.push(await this.measure(resolved, { signal }));
      tell();
    }
    await this.ports.objects.put(scoresKey(record, job.attempt), encodeScores(scores), { signal });
    const ended: EvaluationRecord = { ...toRecord(record), state: "SUCCEEDED" };
    const evaluation = toEvaluation(resourceKey(record), ended, scores);
    const whole = toEvaluationResult(evaluation);
    // What is longer does not fit into the operation's record: GetEvaluation alone tells it.
    if (whole.bytes.length <= maximumBytes.result) return { value: whole };
    return { value: toEvaluationResult({ ...evaluation, pairs: [], results: [] }) };
  }

  async materialise(record: OperationRecord, { signal }: Abortable): Promise<void> {
    await bringInLine(this.#records, resourceKey(record), () => this.#inLine(record, { signal }), { signal });
  }

  async exists(project: string, resource: string, options: Abortable): Promise<boolean> {
    return (await this.#records.get({ project, id: resource }, options)) !== undefined;
  }

  async #inLine(record: OperationRecord, options: Abortable): Promise<EvaluationRecord> {
    const evaluation = toRecord(record);
    if (record.state !== "SUCCEEDED" || record.result === undefined) return evaluation;
    const scoresObject = scoresKey(record, record.result.attempt);
    const scores = await readScores(this.ports.objects, scoresObject, options);
    if (encodeScores(scores).length > longestInRecord) return { ...evaluation, scoresObject };
    return { ...evaluation, scores: toStoredScores(scores) };
  }
}

/** Asks for the pair's images. Throws NOT_FOUND with the field to blame. */
export async function resolvePair(
  project: string,
  { image, reference, input }: PairIds,
  path: string,
  peers: Peers,
  identity: Identity,
  { signal }: Abortable,
): Promise<ResolvedPair> {
  const find = async (id: string, field: string) => {
    const name = imageName.format({ project, image: id });
    return fromImage(await peers.image(name, field, { identity, signal }), field);
  };
  const [one, other, small] = await Promise.all([
    find(image, `${path}.image`),
    find(reference, `${path}.reference`),
    input === "" ? undefined : find(input, `${path}.input`),
  ]);
  return { image: one, reference: other, input: small };
}

function scoresKey({ project, id }: OperationRecord, attempt: number): string {
  return `operations/${project}/${id}/${attempt}/scores.json`;
}

function resourceKey({ project, resource }: OperationRecord): RecordKey {
  return { project, id: resource };
}

function toRecord(record: OperationRecord): EvaluationRecord {
  const { pairs } = decodeSpec(record.request);
  return {
    schemaVersion: 1,
    state: resourceStateOf(record.state),
    asked: pairs,
    operation: operationName.format({ project: record.project, operation: record.id }),
    requestId: record.requestId,
    createMs: record.times.submittedMs,
  };
}
