/** The RPCs of ModelService: the registry of what was learned. */
import {
  type DeleteModelVersionRequest,
  type DownloadModelFileRequest,
  type DownloadModelFileResponse,
  Empty,
  type GetModelRequest,
  type GetModelVersionRequest,
  type ListModelsRequest,
  type ListModelsResponse,
  type ListModelVersionsRequest,
  type ListModelVersionsResponse,
  Model,
  type ModelFile,
  type ModelVersion,
  modelName,
  modelVersionName,
  PssrError,
  projectName,
} from "@pssr/api";
import { type ObjectStore, readPageToken, takePage } from "@pssr/platform";
import type { CallContext } from "nice-grpc";
import {
  deleteModelVersion,
  listVersions,
  type ModelTables,
  type ModelVersionEntry,
  versionOf,
} from "./models/model-records.js";

/** The version id that stands for the newest; no version may bear it. */
export const latestId = "latest";
/** Bytes a message of a download: streams are buffered by messages. */
const CHUNK_BYTES = 256 * 1024;
const mediaTypes: Record<string, string> = { json: "application/json", png: "image/png" };

export class ModelRpcs {
  readonly #tables: ModelTables;
  readonly #objects: ObjectStore;
  readonly #report: (error: unknown, doing: string) => void;

  /** @param report Told of records that cannot be read and are left out of lists. */
  constructor(tables: ModelTables, objects: ObjectStore, report: (error: unknown, doing: string) => void) {
    this.#tables = tables;
    this.#objects = objects;
    this.#report = report;
  }

  async getModel({ name }: GetModelRequest, { signal }: CallContext): Promise<Model> {
    const { project, model } = modelName.parse(name);
    return await this.#model(project, model, signal);
  }

  async listModels(request: ListModelsRequest, { signal }: CallContext): Promise<ListModelsResponse> {
    const { project } = projectName.parse(request.parent, "parent");
    const options = { signal, report: this.#report };
    const entries = this.#tables.models.list(project, readPageToken(request.pageToken), options);
    const { items, nextPageToken } = await takePage(entries, request.pageSize, (entry) => entry.key.id);
    return { models: items.map((entry) => Model.fromJSON(entry.record.model)), nextPageToken };
  }

  async getModelVersion({ name }: GetModelVersionRequest, { signal }: CallContext): Promise<ModelVersion> {
    return versionOf(await this.#version(name, signal));
  }

  async listModelVersions(
    request: ListModelVersionsRequest,
    { signal }: CallContext,
  ): Promise<ListModelVersionsResponse> {
    const { project, model } = modelName.parse(request.parent, "parent");
    const after = readPageToken(request.pageToken);
    await this.#model(project, model, signal);
    const entries = listVersions(this.#tables, project, model, after, { signal, report: this.#report });
    const { items, nextPageToken } = await takePage(entries, request.pageSize, (entry) => entry.key.id);
    return { versions: items.map(versionOf), nextPageToken };
  }

  async deleteModelVersion({ name }: DeleteModelVersionRequest, { signal }: CallContext): Promise<Empty> {
    const entry = await this.#find(name, signal);
    await deleteModelVersion(this.#tables, this.#objects, entry, { signal });
    return Empty.create();
  }

  async *downloadModelFile(
    request: DownloadModelFileRequest,
    { signal }: CallContext,
  ): AsyncGenerator<DownloadModelFileResponse> {
    const version = versionOf(await this.#version(request.name, signal));
    const { filename, sizeBytes, sha256 } = fileOf(version, request.filename);
    if (request.offset < 0n || request.offset > sizeBytes) {
      throw new PssrError("INVALID_FIELD", `offset: ${request.offset} is outside 0 to ${sizeBytes}`, {
        field: "offset",
      });
    }
    const mediaType = mediaTypes[filename.split(".").at(-1)!] ?? "application/octet-stream";
    yield { content: { $case: "header", value: { filename, mediaType, sizeBytes, sha256 } } };
    const size = Number(sizeBytes);
    for (let offset = Number(request.offset); offset < size; ) {
      const key = `${version.location}${filename}`;
      const data = await this.#objects.range(key, offset, CHUNK_BYTES, { signal });
      if (data.length === 0) {
        const problem = `${filename} of ${version.name} ends after ${offset} of ${size} bytes`;
        throw new PssrError("OBJECT_CORRUPT", `${problem}; restore it from a backup, or train again`);
      }
      yield { content: { $case: "data", value: data } };
      offset += data.length;
    }
  }

  async #model(project: string, id: string, signal: AbortSignal): Promise<Model> {
    const entry = await this.#tables.models.get({ project, id }, { signal });
    if (entry !== undefined) return Model.fromJSON(entry.record.model);
    const name = modelName.format({ project, model: id });
    throw new PssrError("NOT_FOUND", `${name} does not exist; ListModels shows what does`);
  }

  async #version(name: string, signal: AbortSignal): Promise<ModelVersionEntry> {
    const entry = await this.#find(name, signal);
    if (entry.record.deleted === true) throw notFound(name);
    return entry;
  }

  /** Deleted ones too. */
  async #find(name: string, signal: AbortSignal): Promise<ModelVersionEntry> {
    const { project, model, version } = modelVersionName.parse(name);
    const id =
      version === latestId
        ? modelVersionName.parse((await this.#model(project, model, signal)).latestVersion).version
        : version;
    const entry = await this.#tables.versions.get({ project, id: `${model}/${id}` }, { signal });
    if (entry === undefined) throw notFound(name);
    return entry;
  }
}

function fileOf({ name, files }: ModelVersion, filename: string): ModelFile {
  const file = files.find((candidate) => candidate.filename === filename);
  if (file !== undefined) return file;
  const names = files.map((candidate) => candidate.filename).join(", ");
  throw new PssrError("NOT_FOUND", `filename: ${name} has no file "${filename.slice(0, 100)}"; it has ${names}`, {
    field: "filename",
  });
}

function notFound(name: string): PssrError {
  return new PssrError("NOT_FOUND", `${name} does not exist; ListModelVersions shows what does`);
}
