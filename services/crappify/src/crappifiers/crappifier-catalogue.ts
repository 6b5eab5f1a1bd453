/**
 * The saved crappifiers of all projects. They never change, and a name is given once: what it stood for when a stream of pairs
 * began, it stands for when the stream is taken up again, or is gone.
 */
import { type Crappifier as CrappifierMessage, crappifierName, isPssrError, PssrError } from "@pssr/api";
import { missingCrappifier, type ResolvedCrappifier, resolveCrappifier } from "@pssr/crappifiers";
import { type Abortable, type RecordKey, RecordTable, type StateStore } from "@pssr/platform";
import type { CrappifierRecord, MadeBy, StoredCrappifier } from "./crappifier-record.js";

export interface CrappifierEntry {
  key: RecordKey;
  saved: StoredCrappifier;
}

export class CrappifierCatalogue {
  readonly #records: RecordTable<CrappifierRecord>;

  constructor({ state }: { state: StateStore }) {
    this.#records = new RecordTable(state, "crappifiers");
  }

  /** Fails with NOT_FOUND, naming `field`. */
  async get(key: RecordKey, { signal, field = "name" }: Abortable & { field?: string }): Promise<StoredCrappifier> {
    const saved = await this.#find(key, { signal });
    if (saved === undefined) throw missingCrappifier(nameOfCrappifier(key), field);
    return saved;
  }

  /** Saved crappifiers of a project in the order of their ids, behind `after` ("" for all). */
  async *list(project: string, after: string, { signal }: Abortable): AsyncIterable<CrappifierEntry> {
    for await (const { key, record } of this.#records.list(project, after, { signal })) {
      if (record.state === "saved") yield { key, saved: record.saved };
    }
  }

  /**
   * The same request again gives what it has made, without `make`; any other for its id fails with ALREADY_EXISTS. `make` says
   * what is to be saved.
   */
  async create(
    key: RecordKey,
    madeBy: MadeBy,
    make: () => Promise<StoredCrappifier>,
    { signal }: Abortable,
  ): Promise<StoredCrappifier> {
    let saved: StoredCrappifier | undefined;
    for (;;) {
      const present = await this.#records.get(key, { signal });
      if (present !== undefined) return sameRequest(key, madeBy, present.record);
      saved ??= await make();
      try {
        await this.#records.put(key, { schemaVersion: 1, state: "saved", ...madeBy, saved }, 0n, { signal });
        return saved;
      } catch (error) {
        if (!isPssrError(error, "REVISION_CONFLICT")) throw error; // somebody else was quicker: look again
      }
    }
  }

  /** Deletes it; fails with NOT_FOUND where there is none. Its id is not given again. */
  async delete(key: RecordKey, { signal }: Abortable): Promise<void> {
    for (;;) {
      const entry = await this.#records.get(key, { signal });
      if (entry?.record.state !== "saved") throw missingCrappifier(nameOfCrappifier(key), "name");
      try {
        await this.#records.put(key, { schemaVersion: 1, state: "deleted" }, entry.revision, { signal });
        return;
      } catch (error) {
        if (!isPssrError(error, "REVISION_CONFLICT")) throw error; // somebody else deletes it: look again
      }
    }
  }

  /**
   * What a request gives as a crappifier for something of `project`, in numbers. Throws INVALID_FIELD and NOT_FOUND with the
   * path below `path`.
   */
  resolve(
    message: CrappifierMessage | undefined,
    path: string,
    project: string,
    { signal }: Abortable,
  ): Promise<ResolvedCrappifier> {
    return resolveCrappifier(message, path, project, async (name) => {
      return (await this.#find(crappifierKey(name), { signal }))?.crappifier;
    });
  }

  async #find(key: RecordKey, { signal }: Abortable): Promise<StoredCrappifier | undefined> {
    const entry = await this.#records.get(key, { signal });
    return entry?.record.state === "saved" ? entry.record.saved : undefined;
  }
}

export function crappifierKey(name: string, field = "name"): RecordKey {
  const { project, crappifier } = crappifierName.parse(name, field);
  return { project, id: crappifier };
}

export function nameOfCrappifier({ project, id }: RecordKey): string {
  return crappifierName.format({ project, crappifier: id });
}

function sameRequest({ id }: RecordKey, { requestId, asked }: MadeBy, present: CrappifierRecord): StoredCrappifier {
  const field = "crappifier_id";
  if (present.state === "deleted") {
    throw new PssrError(
      "ALREADY_EXISTS",
      `${field}: "${id}" was the id of a crappifier that has been deleted, and is not given again; choose another id`,
      { field },
    );
  }
  if (requestId !== "" && present.requestId === requestId && present.asked === asked) return present.saved;
  throw new PssrError(
    "ALREADY_EXISTS",
    `${field}: "${id}" was given to another crappifier; choose another id, or repeat the request that made it exactly, with its request_id`,
    { field },
  );
}
