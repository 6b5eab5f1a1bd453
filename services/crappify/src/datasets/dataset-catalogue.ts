/**
 * The datasets of all projects. A dataset holds its images before it is visible: it is recorded as "preparing", then its
 * images are looked up once more, then it becomes "ready". Deleting an image works the other way round (hide, then ask who
 * uses it), so of a dataset and a deletion at the same time, one always sees the other.
 */
import { datasetName, isPssrError, PssrError } from "@pssr/api";
import {
  type Abortable,
  type ObjectStore,
  type RecordEntry,
  type RecordKey,
  RecordTable,
  type StateStore,
} from "@pssr/platform";
import { readManifest } from "./dataset-manifest.js";
import type { DatasetManifest, DatasetRecord, StoredDataset } from "./dataset-record.js";

export interface DatasetEntry {
  key: RecordKey;
  dataset: StoredDataset;
}

type Held = Extract<DatasetRecord, { dataset: StoredDataset }>;

/** Bounds what is read of a manifest: 10,000 images of about 600 bytes. */
const maximumManifestBytes = 16 * 1024 * 1024;
/** A creation that has not ended by then never will. */
const preparationLifetimeMs = 60 * 60 * 1000;

export function nameOfDataset({ project, id }: RecordKey): string {
  return datasetName.format({ project, dataset: id });
}

export class DatasetCatalogue {
  readonly #records: RecordTable<DatasetRecord>;
  readonly #objects: ObjectStore;

  constructor(stores: { objects: ObjectStore; state: StateStore }) {
    this.#records = new RecordTable(stores.state, "datasets");
    this.#objects = stores.objects;
  }

  /** Fails with NOT_FOUND, naming `field`. */
  async get(key: RecordKey, { signal, field = "name" }: Abortable & { field?: string }): Promise<StoredDataset> {
    const dataset = await this.find(key, { signal });
    if (dataset) return dataset;
    throw new PssrError(
      "NOT_FOUND",
      `${field}: there is no dataset "${nameOfDataset(key)}"; ListDatasets names those there are`,
      {
        field,
      },
    );
  }

  async find(key: RecordKey, { signal }: Abortable): Promise<StoredDataset | undefined> {
    const entry = await this.#records.get(key, { signal });
    return entry?.record.state === "ready" ? entry.record.dataset : undefined;
  }

  /** Datasets of a project in the order of their ids, behind `after` ("" for all). */
  async *list(project: string, after: string, { signal }: Abortable): AsyncIterable<DatasetEntry> {
    for await (const { key, record } of this.#records.list(project, after, { signal })) {
      if (record.state === "ready") yield { key, dataset: record.dataset };
    }
  }

  async readManifest(dataset: StoredDataset, { signal }: Abortable): Promise<DatasetManifest> {
    const bytes = await this.#objects.getBytes(dataset.manifest, maximumManifestBytes, { signal });
    return readManifest(dataset.manifest, bytes);
  }

  /**
   * Makes a dataset visible. `confirm` rejects where an image has gone meanwhile: then nothing is left. The same dataset with
   * the same requestId again is the dataset that there is; any other under its id fails with ALREADY_EXISTS.
   */
  async create(
    key: RecordKey,
    requestId: string,
    draft: Omit<StoredDataset, "manifest">,
    manifest: DatasetManifest,
    confirm: () => Promise<void>,
    { signal }: Abortable,
  ): Promise<StoredDataset> {
    const manifestKey = `datasets/${key.project}/${key.id}/${draft.digest}.json`;
    const existing = await this.#sameRequest(key, requestId, draft, { signal });
    if (existing?.record.state === "ready") return existing.record.dataset;
    await this.#objects.put(manifestKey, new TextEncoder().encode(JSON.stringify(manifest)), { signal });
    const dataset: StoredDataset = { ...draft, manifest: manifestKey };
    const held = existing ?? (await this.#hold(key, requestId, dataset, { signal }));
    if (held.record.state === "ready") return held.record.dataset;
    try {
      await confirm();
    } catch (error) {
      await this.#records.delete(key, held.revision, { signal });
      throw error;
    }
    const ready: Held = { ...held.record, state: "ready" };
    try {
      await this.#records.put(key, ready, held.revision, { signal });
    } catch (error) {
      // The same request, sent twice at once, has been quicker.
      const present = isPssrError(error, "REVISION_CONFLICT") ? await this.find(key, { signal }) : undefined;
      if (present?.digest !== draft.digest) throw error;
    }
    return ready.dataset;
  }

  /** Deletes a dataset; fails with NOT_FOUND where there is none. Its id is not given again. */
  async delete(key: RecordKey, { signal }: Abortable): Promise<void> {
    for (;;) {
      const dataset = await this.get(key, { signal });
      const entry = await this.#records.get(key, { signal });
      if (entry?.record.state !== "ready") continue; // somebody else deletes it: get says so
      try {
        await this.#records.put(key, { schemaVersion: 1, state: "deleted" }, entry.revision, { signal });
      } catch (error) {
        if (isPssrError(error, "REVISION_CONFLICT")) continue;
        throw error;
      }
      await this.#objects.delete(dataset.manifest, { signal });
      return;
    }
  }

  /**
   * The name of a dataset that refers to an image, if there is one. Manifests are searched as bytes, one at a time: to parse
   * all of a project's would hold up every other call.
   */
  async userOf(project: string, image: string, { signal }: Abortable): Promise<string | undefined> {
    const quoted = JSON.stringify(image); // as the manifest has it, and nothing else in a manifest reads like it
    for await (const { key, record } of this.#records.list(project, "", { signal })) {
      if (record.state === "deleted") continue;
      try {
        const bytes = await this.#objects.getBytes(record.dataset.manifest, maximumManifestBytes, { signal });
        if (Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).includes(quoted)) return nameOfDataset(key);
      } catch (error) {
        if (!isPssrError(error, "NOT_FOUND")) throw error; // deleted between the two reads
      }
    }
    return undefined;
  }

  /** Removes creations that broke off, and manifests of deleted datasets. */
  async sweep(nowMs: number, { signal }: Abortable): Promise<void> {
    const manifests = new Set<string>();
    for await (const { key, record, revision } of this.#records.listAll({ signal })) {
      if (record.state === "deleted") continue;
      if (record.state === "ready" || nowMs - record.dataset.createMs < preparationLifetimeMs)
        manifests.add(record.dataset.manifest);
      else await this.#records.delete(key, revision, { signal });
    }
    for await (const { key, modifiedMs } of this.#objects.list("datasets/", { signal })) {
      if (!manifests.has(key) && nowMs - modifiedMs > preparationLifetimeMs)
        await this.#objects.delete(key, { signal });
    }
  }

  /** Tells of every dataset that disappears, until aborted. */
  async *deletions({ signal }: Abortable): AsyncIterable<RecordKey> {
    for await (const { key, record } of this.#records.watch({ signal })) {
      if (record?.state !== "ready" && record?.state !== "preparing") yield key;
    }
  }

  async #hold(
    key: RecordKey,
    requestId: string,
    dataset: StoredDataset,
    { signal }: Abortable,
  ): Promise<RecordEntry<Held>> {
    const record: Held = { schemaVersion: 1, state: "preparing", requestId, dataset };
    try {
      const { revision } = await this.#records.put(key, record, 0n, { signal });
      return { key, record, revision };
    } catch (error) {
      // The same request, sent twice at once, has been quicker.
      const present = isPssrError(error, "REVISION_CONFLICT")
        ? await this.#sameRequest(key, requestId, dataset, { signal })
        : undefined;
      if (present === undefined) throw error;
      return present;
    }
  }

  async #sameRequest(
    key: RecordKey,
    requestId: string,
    draft: Omit<StoredDataset, "manifest">,
    { signal }: Abortable,
  ): Promise<RecordEntry<Held> | undefined> {
    const entry = await this.#records.get(key, { signal });
    if (entry === undefined) return undefined;
    const { record, revision } = entry;
    if (
      record.state === "deleted" ||
      requestId === "" ||
      record.requestId !== requestId ||
      record.dataset.digest !== draft.digest
    ) {
      throw taken(key);
    }
    return { key, record, revision };
  }
}

function taken({ id }: RecordKey): PssrError {
  return new PssrError("ALREADY_EXISTS", `dataset_id: "${id}" was given to another dataset; choose another id`, {
    field: "dataset_id",
  });
}
