/** What the state store keeps of models and their versions, and how versions appear and go. */
import { isPssrError, Model, ModelVersion, modelName, modelVersionName } from "@pssr/api";
import type { Abortable, ObjectStore, RecordEntry, RecordTable, ScanOptions, VersionedRecord } from "@pssr/platform";

export interface ModelRecord extends VersionedRecord {
  /** JSON of pssr.v1.Model. */
  readonly model: unknown;
}

/** Its key's id is "{model}/{version}". */
export interface ModelVersionRecord extends VersionedRecord {
  /** JSON of pssr.v1.ModelVersion. */
  readonly version: unknown;
  /** It is no more. The record stays, so that whoever is late in making it visible does not bring it back. */
  readonly deleted?: true;
}

export interface ModelTables {
  models: RecordTable<ModelRecord>;
  versions: RecordTable<ModelVersionRecord>;
}

export type ModelVersionEntry = RecordEntry<ModelVersionRecord>;

export function versionOf({ record }: ModelVersionEntry): ModelVersion {
  return ModelVersion.fromJSON(record.version);
}

/** Makes a version visible, and its model. Repeating it changes nothing; a version that was deleted stays so. */
export async function addModelVersion(tables: ModelTables, version: ModelVersion, options: Abortable): Promise<void> {
  const { project, model, version: id } = modelVersionName.parse(version.name);
  const key = { project, id: `${model}/${id}` };
  try {
    if ((await tables.versions.get(key, options)) === undefined) {
      await tables.versions.put(key, { schemaVersion: 1, version: ModelVersion.toJSON(version) }, 0n, options);
    }
  } catch (error) {
    // Another process was quicker; it may have died before it named the latest.
    if (!isPssrError(error, "REVISION_CONFLICT")) throw error;
  }
  await nameLatest(tables, project, model, options);
}

/** Whether a version has been, and is no more. */
export async function isDeleted({ versions }: ModelTables, name: string, options: Abortable): Promise<boolean> {
  const { project, model, version } = modelVersionName.parse(name);
  return (await versions.get({ project, id: `${model}/${version}` }, options))?.record.deleted === true;
}

/** Hides a version, then removes its files. Repeating it finishes what was broken off. */
export async function deleteModelVersion(
  tables: ModelTables,
  objects: ObjectStore,
  entry: ModelVersionEntry,
  options: Abortable,
): Promise<void> {
  const { key, record, revision } = entry;
  if (record.deleted !== true) await tables.versions.put(key, { ...record, deleted: true }, revision, options);
  await nameLatest(tables, key.project, key.id.split("/")[0]!, options);
  await objects.deletePrefix(versionOf(entry).location, options);
}

/** Versions of a model that exist, by name, behind the id `after` ("" for all). */
export async function* listVersions(
  { versions }: ModelTables,
  project: string,
  model: string,
  after: string,
  options: ScanOptions,
): AsyncGenerator<ModelVersionEntry> {
  for await (const entry of versions.list(project, after, { ...options, within: model })) {
    if (entry.record.deleted !== true) yield entry;
  }
}

/**
 * Brings a model's record in line with its versions: the one that appeared last is the latest, and a model without versions
 * is gone. Whoever changes versions does it afterwards, so the last to do it has seen all changes.
 */
async function nameLatest(tables: ModelTables, project: string, model: string, options: Abortable): Promise<void> {
  const key = { project, id: model };
  for (;;) {
    const present = await tables.models.get(key, options);
    const latest = await findLatest(tables, project, model, options);
    const known = present && Model.fromJSON(present.record.model);
    if (latest?.name === known?.latestVersion) return;
    try {
      if (latest === undefined) return await tables.models.delete(key, present!.revision, options);
      const next: Model = {
        name: modelName.format({ project, model }),
        latestVersion: latest.name,
        createTime: known?.createTime ?? latest.createTime,
        updateTime: latest.createTime,
      };
      await tables.models.put(key, { schemaVersion: 1, model: Model.toJSON(next) }, present?.revision ?? 0n, options);
      return;
    } catch (error) {
      if (!isPssrError(error, "REVISION_CONFLICT")) throw error;
    }
  }
}

async function findLatest(tables: ModelTables, project: string, model: string, options: Abortable) {
  let latest: ModelVersion | undefined;
  for await (const entry of listVersions(tables, project, model, "", options)) {
    const version = versionOf(entry);
    if (latest === undefined || version.createTime! >= latest.createTime!) latest = version;
  }
  return latest;
}
