/** The RPCs of FitService: validate, decide, delegate. */
import {
  crappifierName,
  type DeleteFitRequest,
  type Empty,
  type Fit,
  type FitComparison,
  type FitCrappifierRequest,
  type FitEvaluation,
  type FitServiceImplementation,
  RenderFitRequest_Format as Format,
  fitName,
  type GetFitComparisonRequest,
  type GetFitRequest,
  isPssrError,
  type ListFitEvaluationsRequest,
  type ListFitEvaluationsResponse,
  type ListFitsRequest,
  type ListFitsResponse,
  newResourceId,
  type Operation,
  PssrError,
  projectName,
  type RenderFitRequest,
  type RenderFitResponse,
} from "@pssr/api";
import {
  type Abortable,
  type CallExtension,
  type ObjectStore,
  type Operations,
  operationBefore,
  type RecordEntry,
  type RecordKey,
  RecordTable,
  readPageToken,
  type StateStore,
  takePage,
  toOperation,
  workerIdentity,
} from "@pssr/platform";
import type { CallContext } from "nice-grpc-common";
import { fitKind, nameOf } from "./fits/fit-job.js";
import { pictureKey, readComparison, readEvaluations, readResult } from "./fits/fit-objects.js";
import { type FitRecord, fitsKind, toFit } from "./fits/fit-record.js";
import { resolveFit } from "./fits/resolve-fit.js";
import { findImages } from "./fits/source-images.js";
import { digestOf, encodeSpec, toStoredFit } from "./fits/stored-fit.js";
import type { Peers } from "./peers.js";
import { refuse } from "./refuse.js";

type Context = CallContext & CallExtension;

/** What one answer may have. */
const mostPictureBytes = 3 * 2 ** 20;

export class FitRpcs implements FitServiceImplementation<CallExtension> {
  readonly #records: RecordTable<FitRecord>;

  constructor(
    private readonly operations: Operations,
    private readonly peers: Peers,
    private readonly stores: { state: StateStore; objects: ObjectStore },
    /** `report` is told of records that cannot be read and are left out of lists. */
    private readonly settings: { tileBytes: number; report: (error: unknown, doing: string) => void },
  ) {
    this.#records = new RecordTable(stores.state, fitsKind);
  }

  async fitCrappifier(request: FitCrappifierRequest, { identity, signal }: Context): Promise<Operation> {
    const { project } = projectName.parse(request.parent, "parent");
    const { requestId, fit } = request;
    const field = "fit_id";
    const resource = newResourceId(request.fitId, requestId, field);
    if (fit === undefined) throw refuse("fit", "it is missing; give the images that it is fitted to");
    const asked = digestOf(fit);
    const present = await this.#records.get({ project, id: resource }, { signal });
    const same = present?.record.asked === asked;
    const before = await operationBefore(this.operations, present?.record, { requestId, same, field }, { signal });
    if (before !== undefined) return before;
    const { principal } = identity;
    const call = { identity: workerIdentity(project, principal), signal };
    await this.#checkName(project, resource, call);
    const images = await findImages(fit, project, this.peers, call);
    const findSaved = (name: string) => this.peers.savedCrappifier(name, "fit.template", call);
    const resolved = await resolveFit(fit, project, images, findSaved, this.settings);
    const spec = encodeSpec({ schemaVersion: 1, asked, fit: toStoredFit(resolved) });
    const submission = { kind: fitKind, project, principal, resource, requestId, request: spec };
    return toOperation(await this.operations.submit(submission, { signal }));
  }

  async getFit({ name }: GetFitRequest, { signal }: Context): Promise<Fit> {
    return this.#withResult(await this.#find(name, "name", { signal }), { signal });
  }

  async listFits(request: ListFitsRequest, { signal }: Context): Promise<ListFitsResponse> {
    const { project } = projectName.parse(request.parent, "parent");
    const fits = this.#listed(project, readPageToken(request.pageToken), { signal });
    const { items, nextPageToken } = await takePage(fits, request.pageSize, ({ name }) => fitName.parse(name).fit);
    return { fits: items, nextPageToken };
  }

  async deleteFit({ name }: DeleteFitRequest, { signal }: Context): Promise<Empty> {
    const { project, fit: id } = fitName.parse(name);
    for (;;) {
      const entry = await this.#records.get({ project, id }, { signal });
      // One that went away before all of its objects did loses the rest now.
      if (entry?.record.state === "DELETED") await this.#deleteObjects({ project, id }, { signal });
      if (entry === undefined || entry.record.state === "DELETED") throw missing(name, "name");
      if (entry.record.state === "ACTIVE") {
        const message = `${name} is at work; cancel ${entry.record.operation} first, or wait for its end`;
        throw new PssrError("RESOURCE_IN_USE", message, { metadata: { operation: entry.record.operation } });
      }
      const { objects: _, savedCrappifier: __, ...kept } = entry.record;
      try {
        await this.#records.put(entry.key, { ...kept, state: "DELETED" }, entry.revision, { signal });
      } catch (error) {
        if (!isPssrError(error, "REVISION_CONFLICT")) throw error;
        continue; // somebody else changes it: look again
      }
      await this.#deleteObjects({ project, id }, { signal });
      return {};
    }
  }

  async listFitEvaluations(
    request: ListFitEvaluationsRequest,
    { signal }: Context,
  ): Promise<ListFitEvaluationsResponse> {
    const token = readPageToken(request.pageToken);
    const prefix = resultOf(await this.#find(request.parent, "parent", { signal }), "parent");
    const all = await readEvaluations(this.stores.objects, prefix, { signal });
    const after = token === "" ? 0 : all.find(({ index }) => `${index}` === token)?.index;
    if (after === undefined) {
      throw refuse("page_token", "it is of another list; pass the next_page_token of the page before, unchanged");
    }
    const behind = async function* (): AsyncIterable<FitEvaluation> {
      for (const evaluation of all) if (evaluation.index > after) yield evaluation;
    };
    const { items, nextPageToken } = await takePage(behind(), request.pageSize, ({ index }) => `${index}`);
    return { evaluations: items, nextPageToken };
  }

  async getFitComparison({ name }: GetFitComparisonRequest, { signal }: Context): Promise<FitComparison> {
    // Named as a resource of its own: projects/*/fits/*/comparison.
    const entry = await this.#find(name.replace(/\/comparison$/, ""), "name", { signal });
    const read = readComparison(this.stores.objects, resultOf(entry, "name"), { signal });
    return orNothingCompared(read, entry.key);
  }

  async renderFit({ name, format }: RenderFitRequest, { signal }: Context): Promise<RenderFitResponse> {
    const isSvg = format === Format.FORMAT_SVG;
    if (!isSvg && format !== Format.FORMAT_PNG && format !== Format.FORMAT_UNSPECIFIED) {
      throw refuse("format", `${format} is none that this release knows; use PNG or SVG`);
    }
    const entry = await this.#find(name, "name", { signal });
    const key = pictureKey(resultOf(entry, "name"), isSvg ? "svg" : "png");
    const data = await this.stores.objects.getBytes(key, mostPictureBytes, { signal });
    return { contentType: isSvg ? "image/svg+xml" : "image/png", data };
  }

  /** The crappifier that is saved from a fit has the fit's name. */
  async #checkName(project: string, id: string, call: Parameters<Peers["savedCrappifier"]>[2]): Promise<void> {
    const name = crappifierName.format({ project, crappifier: id });
    if ((await this.peers.savedCrappifier(name, "fit_id", call)) === undefined) return;
    const message = `fit_id: a crappifier ${name} exists already, and what is fitted would be saved under that name; choose another id`;
    throw new PssrError("ALREADY_EXISTS", message, { field: "fit_id" });
  }

  async #find(name: string, field: string, options: Abortable): Promise<RecordEntry<FitRecord>> {
    const { project, fit: id } = fitName.parse(name, field);
    const entry = await this.#records.get({ project, id }, options);
    if (entry === undefined || entry.record.state === "DELETED") throw missing(name, field);
    return entry;
  }

  /** With their results: a page is full by what they weigh. */
  async *#listed(project: string, after: string, { signal }: Abortable): AsyncIterable<Fit> {
    const { report } = this.settings;
    for await (const entry of this.#records.list(project, after, { signal, report })) {
      if (entry.record.state !== "DELETED") yield this.#withResult(entry, { signal });
    }
  }

  async #withResult({ key, record }: RecordEntry<FitRecord>, options: Abortable): Promise<Fit> {
    const fit = toFit(key, record);
    if (record.objects === undefined) return fit;
    const result = await readResult(this.stores.objects, record.objects, options);
    return { ...fit, result: { ...result, savedCrappifier: record.savedCrappifier ?? "" } };
  }

  async #deleteObjects({ project, id }: RecordKey, options: Abortable): Promise<void> {
    await this.stores.objects.deletePrefix(`operations/${project}/${fitKind}-${id}/`, options);
  }
}

function missing(name: string, field: string): PssrError {
  return new PssrError("NOT_FOUND", `${field}: there is no fit ${name}; ListFits names those there are`, { field });
}

/** Where the result of a fit lies; NOT_FOUND for one that has none. */
function resultOf({ key, record }: RecordEntry<FitRecord>, field: string): string {
  if (record.objects !== undefined) return record.objects;
  const why =
    record.state === "ACTIVE"
      ? "it is still at work: wait for its operation"
      : "it did not end well: see its operation";
  throw new PssrError("NOT_FOUND", `${field}: ${nameOf(key)} has no result (${why}, ${record.operation})`, { field });
}

/** A fit of a detector alone has compared nothing. */
async function orNothingCompared<T>(answer: Promise<T>, key: RecordKey): Promise<T> {
  try {
    return await answer;
  } catch (cause) {
    if (!isPssrError(cause, "NOT_FOUND")) throw cause;
    const message = `${nameOf(key)} has measured a detector alone: nothing was compared; fit to pairs or unpaired images for that`;
    throw new PssrError("NOT_FOUND", message, { field: "name", cause });
  }
}
