/** The operation "fit": reads tiles, has a thread fit to them what crappify degrades, keeps each look, and what was found. */
import { type FitResult, fitName, isPssrError, operationName, type Reason } from "@pssr/api";
import { fromCrappifierMessage } from "@pssr/crappifiers";
import {
  type Abortable,
  bringInLine,
  type JobContext,
  type JobKind,
  type JobResult,
  type Logger,
  type ObjectStore,
  type OperationRecord,
  type RecordKey,
  RecordTable,
  type StateStore,
  workerIdentity,
} from "@pssr/platform";
import type { FitOutcome, KeptLook, TakenLook } from "../fitting/fit-outcome.js";
import type { FitThreads } from "../fitting/fit-threads.js";
import type { Peers } from "../peers.js";
import { drawReport } from "../report/draw-report.js";
import { type FitTiles, planTiles } from "../tiles/plan-tiles.js";
import { TileSource } from "../tiles/tile-source.js";
import { fitError } from "./fit-error.js";
import { toFitComparison, toFitEvaluation, toFitResult } from "./fit-message.js";
import { looksPrefix, pictureKey, putComparison, putEvaluations, putResult, readResult } from "./fit-objects.js";
import { FitProgressTeller } from "./fit-progress.js";
import { type FitRecord, fitStateOf, fitsKind, toFit } from "./fit-record.js";
import { toResponse } from "./fit-response.js";
import { KeptLooks } from "./kept-looks.js";
import { readProblem } from "./read-problem.js";
import { shortSeed } from "./resolve-fit.js";
import { saveCrappifier } from "./save-crappifier.js";
import { findImages } from "./source-images.js";
import { decodeSpec } from "./stored-fit.js";

export const fitKind = "fit";

/** Why a crappifier will never be saved, however often one tries. */
const unsaveable: readonly Reason[] = ["ALREADY_EXISTS", "INVALID_FIELD", "NOT_FOUND", "PERMISSION_DENIED"];

export interface FitJobSettings {
  concurrency: number;
  tilesInFlight: number;
  patienceMs: number;
  log: Logger;
}

export class FitJob implements JobKind {
  readonly kind = fitKind;
  readonly concurrency: number;
  readonly #records: RecordTable<FitRecord>;

  constructor(
    private readonly ports: { state: StateStore; objects: ObjectStore },
    private readonly peers: Peers,
    private readonly threads: FitThreads,
    private readonly settings: FitJobSettings,
  ) {
    this.concurrency = settings.concurrency;
    this.#records = new RecordTable(ports.state, fitsKind);
  }

  async run(job: JobContext): Promise<JobResult> {
    try {
      return await this.#run(job);
    } catch (error) {
      throw fitError(error);
    }
  }

  async #run(job: JobContext): Promise<JobResult> {
    const { record, signal } = job;
    const beganMs = performance.now();
    const fit = toFit(keyOf(record), toRecord(record));
    const identity = workerIdentity(record.project, record.principal);
    const progress = new FitProgressTeller(fit.budget, (value) => job.progress(value));
    progress.doing("reading tiles");
    let waits = false;
    const source = new TileSource(this.peers, {
      identity,
      ...this.settings,
      waiting: (problem) => {
        if (problem === undefined) this.settings.log.info({ fit: fit.name }, "the tiles of the fit come again");
        else if (!waits) this.settings.log.warn({ fit: fit.name, problem }, "the fit waits for its tiles");
        waits = problem !== undefined;
        progress.waiting(problem);
      },
    });
    const images = await findImages(fit, record.project, this.peers, { identity, signal });
    const { scale } = fromCrappifierMessage(fit.template, "fit.template").sampling;
    const tiles = planTiles(images, { scale, tiles: fit.tiles, side: fit.tileSize, seed: shortSeed(fit.seed) });
    const problem = await readProblem(fit, images, tiles, source, { signal });
    const looks = new KeptLooks(job, this.ports.objects);
    const kept = await looks.read();
    const taken: TakenLook[] = kept.map(withoutStatistics);
    const last = taken.at(-1);
    if (last === undefined) progress.doing("searching");
    else progress.taken(last);
    const outcome = await this.threads.run(
      { problem, kept },
      {
        degrade: ({ tiles: set, crappifier, seed }, options) =>
          source.degrade(highTiles(tiles, set), crappifier, seed, { signal: options.signal ?? signal }),
        keep: async (look) => {
          await looks.keep(look);
          taken.push(withoutStatistics(look));
          progress.taken(look);
        },
      },
      { signal },
    );
    progress.doing("storing");
    const elapsedMs = taken.at(-1)?.elapsedMs ?? performance.now() - beganMs;
    const result = toFitResult(outcome, { evaluations: taken.length, elapsedMs });
    await this.#store(job, result, outcome, taken);
    const ended = toFit(keyOf(record), { ...toRecord(record), state: "SUCCEEDED" });
    return { value: toResponse({ ...ended, result }), made: fit.name };
  }

  async #store(job: JobContext, result: FitResult, outcome: FitOutcome, taken: TakenLook[]): Promise<void> {
    const { signal, objectPrefix, record } = job;
    const { objects } = this.ports;
    const title = nameOf(keyOf(record));
    await putEvaluations(objects, objectPrefix, taken.map(toFitEvaluation), { signal });
    if (outcome.comparison !== undefined) {
      await putComparison(objects, objectPrefix, toFitComparison(outcome.comparison), { signal });
    }
    const { svg, png } = await drawReport({ title, looks: taken, ...outcome }, { signal });
    await objects.put(pictureKey(objectPrefix, "svg"), svg, { signal });
    await objects.put(pictureKey(objectPrefix, "png"), png, { signal });
    await putResult(objects, objectPrefix, result, { signal });
  }

  async materialise(record: OperationRecord, { signal }: Abortable): Promise<void> {
    await bringInLine(this.#records, keyOf(record), () => this.#inLine(record, { signal }), { signal });
  }

  async exists(project: string, resource: string, options: Abortable): Promise<boolean> {
    return (await this.#records.get({ project, id: resource }, options)) !== undefined;
  }

  async #inLine(record: OperationRecord, { signal }: Abortable): Promise<FitRecord> {
    const fit = toRecord(record);
    if (record.state !== "SUCCEEDED" || record.result === undefined) return fit;
    const { project, principal, resource } = record;
    const objects = objectsOf(record, record.result.attempt);
    // The looks were for going on from.
    await this.ports.objects.deletePrefix(looksPrefix(objects), { signal });
    const { crappifier } = await readResult(this.ports.objects, objects, { signal });
    const call = { identity: workerIdentity(project, principal), signal };
    const toSave = { project, id: resource, operation: fit.operation };
    try {
      const savedCrappifier = await saveCrappifier(toSave, crappifier!, this.peers, call);
      return { ...fit, objects, savedCrappifier };
    } catch (error) {
      if (!isPssrError(error) || !unsaveable.includes(error.reason)) throw error;
      // What was found is there all the same.
      this.settings.log.warn({ err: error, fit: nameOf(keyOf(record)) }, "the crappifier of a fit is not saved");
      return { ...fit, objects };
    }
  }
}

function highTiles({ fitted, heldOut }: FitTiles, set: "FITTED" | "HELD_OUT") {
  return set === "FITTED" ? fitted.high : heldOut.high;
}

function withoutStatistics({ statistics: _, ...look }: KeptLook): TakenLook {
  return look;
}

/** Where an attempt's objects lie. */
function objectsOf({ project, id }: OperationRecord, attempt: number): string {
  return `operations/${project}/${id}/${attempt}/`;
}

function keyOf({ project, resource }: OperationRecord): RecordKey {
  return { project, id: resource };
}

function toRecord(record: OperationRecord): FitRecord {
  const { fit, asked } = decodeSpec(record.request);
  return {
    schemaVersion: 1,
    state: fitStateOf(record.state),
    fit,
    asked,
    requestId: record.requestId,
    operation: operationName.format({ project: record.project, operation: record.id }),
    createMs: record.times.submittedMs,
  };
}

/** What a fit is called. */
export function nameOf({ project, id }: RecordKey): string {
  return fitName.format({ project, fit: id });
}
