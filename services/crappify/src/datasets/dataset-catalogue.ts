/**
 * The datasets of all projects. A dataset holds its images before it is visible: it is recorded as "preparing", its manifest
 * is written, then its images are looked up once more, then it becomes "ready". Deleting an image works the other way round (hide, then ask who
 * uses it), so of a dataset and a deletion at the same time, one always sees the other.
 */
import { datasetName, isPssrError, PssrError, randomId } from "@pssr/api";
import {
  type Abortable,
  type Clock,
  type ObjectStore,
  type RecordEntry,
  type RecordKey,
  RecordTable,
  type StateStore,
} from "@pssr/platform";
import { SeenSince } from "../seen-since.js";
import { readManifest } from "./dataset-manifest.js";
import type { DatasetManifest, DatasetRecord, StoredDataset } from "./dataset-record.js";

export interface DatasetEntry {
  key: RecordKey;
  dataset: StoredDataset;
}

type Held = Extract<DatasetRecord, { dataset: StoredDataset }>;

const objectsPrefix = "datasets/";
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
  readonly #seen: SeenSince;

  constructor(stores: { objects: ObjectStore; state: StateStore }, clock?: Clock) {
    this.#records = new RecordTable(stores.state, "datasets");
    this.#objects = stores.objects;
    this.#seen = new SeenSince(clock);
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
    const bytes = new TextEncoder().encode(JSON.stringify(manifest));
    for (;;) {
      const held =
        (await this.#sameRequest(key, requestId, draft, { signal })) ??
        (await this.#hold(key, requestId, draft, { signal }));
      if (held === undefined) continue;
      if (held.record.state === "ready") return held.record.dataset;
      const { manifest: manifestKey } = held.record.dataset;
      await this.#objects.put(manifestKey, bytes, { signal });
      try {
        await confirm();
      } catch (error) {
        const isGone = await unlessChanged(this.#records.delete(key, held.revision, { signal }).then(() => true));
        if (isGone) await this.#objects.delete(manifestKey, { signal });
        throw error;
      }
      const ready: Held = { ...held.record, state: "ready" };
      if (await unlessChanged(this.#records.put(key, ready, held.revision, { signal }))) return ready.dataset;
      // The same request, sent twice at once, has been quicker; or the sweep has taken the hold for abandoned.
      const present = await this.find(key, { signal });
      if (present?.manifest === manifestKey) return present;
    }
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
        if (!isPssrError(error, "NOT_FOUND")) throw error; // deleted just now; or not written yet: its images are looked up after that
      }
    }
    return undefined;
  }

  /** Removes creations that broke off, and manifests of deleted datasets. */
  async sweep({ signal }: Abortable): Promise<void> {
    const manifests = new Set<string>();
    const round = this.#seen.begin();
    for await (const { key, record, revision } of this.#records.listAll({ signal })) {
      if (record.state === "deleted") continue;
      const { createMs, manifest } = record.dataset;
      const isAbandoned =
        record.state === "preparing" &&
        round.isOlder({ key: nameOfDataset(key), revision, writtenMs: createMs }, preparationLifetimeMs) &&
        (await unlessChanged(this.#records.delete(key, revision, { signal }).then(() => true)));
      if (!isAbandoned) manifests.add(manifest);
    }
    for await (const { key, modifiedMs } of this.#objects.list(objectsPrefix, { signal })) {
      if (manifests.has(key)) continue;
      if (round.isOlder({ key, revision: modifiedMs, writtenMs: modifiedMs }, preparationLifetimeMs)) {
        await this.#objects.delete(key, { signal });
      }
    }
    round.end();
  }

  /** Tells of every dataset that disappears, until aborted. */
  async *deletions({ signal }: Abortable): AsyncIterable<RecordKey> {
    for await (const { key, record } of this.#records.watch({ signal })) {
      if (record?.state !== "ready" && record?.state !== "preparing") yield key;
    }
  }

  /**
   * Undefined where somebody else was quicker. Each hold has a manifest of its own, written after it: so what the sweep takes
   * for abandoned, hold or manifest, never becomes part of a dataset.
   */
  async #hold(
    key: RecordKey,
    requestId: string,
    draft: Omit<StoredDataset, "manifest">,
    { signal }: Abortable,
  ): Promise<RecordEntry<Held> | undefined> {
    const manifest = `${objectsPrefix}${key.project}/${key.id}/${draft.digest}-${randomId()}.json`;
    const record: Held = { schemaVersion: 1, state: "preparing", requestId, dataset: { ...draft, manifest } };
    const written = await unlessChanged(this.#records.put(key, record, 0n, { signal }));
    return written && { key, record, revision: written.revision };
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

/** Undefined where the record is not at the revision that the write names. */
async function unlessChanged<Written>(write: Promise<Written>): Promise<Written | undefined> {
  try {
    return await write;
  } catch (error) {
    if (!isPssrError(error, "REVISION_CONFLICT")) throw error;
    return undefined;
  }
}

function taken({ id }: RecordKey): PssrError {
  return new PssrError("ALREADY_EXISTS", `dataset_id: "${id}" was given to another dataset; choose another id`, {
    field: "dataset_id",
  });
}
