/**
 * The names of images in the making, each held by one operation from its beginning to its end: of two predictions that are to
 * make the same image, the second is refused before it has worked for nothing.
 */
import { isPssrError } from "@pssr/api";
import { type Abortable, RecordTable, type StateStore, type VersionedRecord } from "@pssr/platform";

interface HeldName extends VersionedRecord {
  /** Id of the operation. */
  readonly operation: string;
}

/** An image's id in its project. */
export interface OutputName {
  readonly project: string;
  readonly image: string;
}

export class OutputNames {
  readonly #names: RecordTable<HeldName>;

  constructor(state: StateStore) {
    this.#names = new RecordTable(state, "output-images");
  }

  /** Takes the name for an operation; false where another one holds it. May be repeated. */
  async take({ project, image }: OutputName, operation: string, options: Abortable): Promise<boolean> {
    const key = { project, id: image };
    try {
      await this.#names.put(key, { schemaVersion: 1, operation }, 0n, options);
      return true;
    } catch (error) {
      if (!isPssrError(error, "REVISION_CONFLICT")) throw error;
      return (await this.#names.get(key, options))?.record.operation === operation;
    }
  }

  /** Lets go of what the operation holds. May be repeated. */
  async release({ project, image }: OutputName, operation: string, options: Abortable): Promise<void> {
    const entry = await this.#names.get({ project, id: image }, options);
    if (entry?.record.operation !== operation) return;
    try {
      await this.#names.delete(entry.key, entry.revision, options);
    } catch (error) {
      // Another process was quicker.
      if (!isPssrError(error, "REVISION_CONFLICT")) throw error;
    }
  }
}
