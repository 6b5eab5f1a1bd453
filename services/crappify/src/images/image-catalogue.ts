/**
 * The images of all projects: records that appear whole, never change, and go in two steps (hidden, then the pixels removed)
 * so that a process that dies in between leaves nothing that cannot be finished.
 */
import { type Image, imageName, isPssrError, PssrError } from "@pssr/api";
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
import type { ImageRecord, StoredImage } from "./image-record.js";

export interface CatalogueEntry {
  key: RecordKey;
  image: StoredImage;
}

/** Which pixels an operation has written, and what it says of them. */
export type RegisteredPixels = Pick<StoredImage, "location" | "pixelSizeNm" | "levels">;

export interface ImageSweep {
  /** The dataset that refers to an image, if there is one. */
  usedBy: (key: RecordKey) => Promise<string | undefined>;
  /** Whether an operation, by its id, may still register an image. */
  isExpected: (project: string, operation: string) => Promise<boolean>;
}

const reservationLifetimeMs = 24 * 60 * 60 * 1000;

/** The name of an image: `projects/em/images/scan-07`. */
export function nameOfImage({ project, id }: RecordKey): Image["name"] {
  return imageName.format({ project, image: id });
}

/**
 * Where an image's files for download are kept; see image-exports.ts. They are its own: another with the same pixels has another
 * origin, which its files tell, and may be deleted at another time.
 */
export function exportPrefix({ project, id }: RecordKey): string {
  return `exports/${project}/${id}/`;
}

export class ImageCatalogue {
  readonly #records: RecordTable<ImageRecord>;
  readonly #objects: ObjectStore;
  readonly #seen: SeenSince;

  constructor(stores: { objects: ObjectStore; state: StateStore }, clock?: Clock) {
    this.#records = new RecordTable(stores.state, "images");
    this.#objects = stores.objects;
    this.#seen = new SeenSince(clock);
  }

  /** Fails with NOT_FOUND, naming `field`. */
  async get(key: RecordKey, { signal, field = "name" }: Abortable & { field?: string }): Promise<StoredImage> {
    const image = await this.find(key, { signal });
    if (image) return image;
    throw new PssrError(
      "NOT_FOUND",
      `${field}: there is no image "${nameOfImage(key)}"; ListImages names those there are`,
      { field },
    );
  }

  async find(key: RecordKey, { signal }: Abortable): Promise<StoredImage | undefined> {
    const entry = await this.#records.get(key, { signal });
    return entry?.record.state === "ready" ? entry.record.image : undefined;
  }

  /** Whether the id was ever given. */
  async isTaken(key: RecordKey, { signal }: Abortable): Promise<boolean> {
    return (await this.#records.get(key, { signal })) !== undefined;
  }

  /** Images of a project in the order of their ids, behind `after` ("" for all). */
  async *list(project: string, after: string, { signal }: Abortable): AsyncIterable<CatalogueEntry> {
    for await (const { key, record } of this.#records.list(project, after, { signal })) {
      if (record.state === "ready") yield { key, image: record.image };
    }
  }

  /** Holds an id for an operation that makes an image; ALREADY_EXISTS where an image or another operation has it. */
  async reserve(key: RecordKey, operation: string, { signal }: Abortable): Promise<void> {
    await this.#write(key, { signal }, (record) => {
      if (record === undefined) return { schemaVersion: 1, state: "making", operation, reservedMs: Date.now() };
      if (record.state === "making" && record.operation === operation) return record;
      throw taken(key);
    });
  }

  /** Gives the id back that an operation held and did not use. */
  async release(key: RecordKey, operation: string, { signal }: Abortable): Promise<void> {
    const entry = await this.#records.get(key, { signal });
    if (entry?.record.state !== "making" || entry.record.operation !== operation) return;
    try {
      await this.#records.delete(key, entry.revision, { signal });
    } catch (error) {
      // The operation's image has come meanwhile, or another call has given the id back.
      if (!isPssrError(error, "REVISION_CONFLICT")) throw error;
    }
  }

  /** Makes an operation's image visible. Changes nothing where that has happened, also when it was deleted since. */
  async publish(key: RecordKey, operation: string, image: StoredImage, { signal }: Abortable): Promise<void> {
    await this.#write(key, { signal }, (record) => {
      if (record === undefined || (record.state === "making" && record.operation === operation)) {
        return { schemaVersion: 1, state: "ready", image };
      }
      return record;
    });
  }

  /**
   * Makes the pixels that an operation has written visible under the id that it holds, or that nobody does; ALREADY_EXISTS
   * where an image or another operation has it. Repeating it gives the image that there is. `read` says what the pixels are;
   * it is called only where the image is to be made.
   */
  async register(
    key: RecordKey,
    operation: string,
    wanted: RegisteredPixels,
    read: () => Promise<StoredImage>,
    { signal }: Abortable,
  ): Promise<StoredImage> {
    const present = (record: ImageRecord | undefined): StoredImage | undefined => {
      if (record === undefined || (record.state === "making" && record.operation === operation)) return undefined;
      if (record.state === "ready" && isRegistered(record.image, wanted)) return record.image;
      throw taken(key);
    };
    const known = present((await this.#records.get(key, { signal }))?.record);
    if (known !== undefined) return known;
    const image = await read();
    const { record } = await this.#write(key, { signal }, (record) =>
      present(record) === undefined ? { schemaVersion: 1, state: "ready", image } : record,
    );
    return record.state === "ready" ? record.image : image;
  }

  /**
   * Deletes an image and its pixels, unless `usedBy` names something that refers to it: then RESOURCE_IN_USE. It is asked
   * again once the image is hidden, so that whoever begins to refer to it meanwhile either is seen or sees it hidden.
   */
  async delete(key: RecordKey, usedBy: () => Promise<string | undefined>, { signal }: Abortable): Promise<void> {
    await this.get(key, { signal });
    await this.#refuseUsed(key, usedBy);
    const entry = await this.#write(key, { signal }, (record) =>
      record?.state === "ready" ? { schemaVersion: 1, state: "deleting", image: record.image } : record,
    );
    try {
      await this.#refuseUsed(key, usedBy);
    } catch (error) {
      // Without the signal: a caller who has left must not leave the image hidden.
      await this.#showAgain(key, {});
      throw error;
    }
    await this.#removePixels(entry, { signal });
  }

  /**
   * Finishes deletions that broke off: an image that is in use becomes visible again, any other goes. And gives the ids back
   * that were held for a day by operations of which nothing is to be expected any more.
   */
  async sweep({ usedBy, isExpected }: ImageSweep, { signal }: Abortable): Promise<void> {
    const round = this.#seen.begin();
    for await (const entry of this.#records.listAll({ signal })) {
      const { key, record, revision } = entry;
      if (record.state === "deleting") {
        if ((await usedBy(key)) === undefined) await this.#removePixels(entry, { signal });
        else await this.#showAgain(key, { signal });
      } else if (record.state === "making") {
        const reservation = { key: nameOfImage(key), revision, writtenMs: record.reservedMs };
        if (!round.isOlder(reservation, reservationLifetimeMs)) continue;
        if (!(await isExpected(key.project, record.operation))) await this.release(key, record.operation, { signal });
      }
    }
    round.end();
  }

  async #showAgain(key: RecordKey, { signal }: Abortable): Promise<void> {
    await this.#write(key, { signal }, (record) =>
      record?.state === "deleting" ? { schemaVersion: 1, state: "ready", image: record.image } : record,
    );
  }

  async #removePixels(entry: RecordEntry<ImageRecord>, { signal }: Abortable): Promise<void> {
    if (entry.record.state !== "deleting") return;
    await this.#objects.deletePrefix(entry.record.image.location, { signal });
    await this.#objects.deletePrefix(exportPrefix(entry.key), { signal });
    await this.#write(entry.key, { signal }, () => ({ schemaVersion: 1, state: "deleted" }));
  }

  async #refuseUsed(key: RecordKey, usedBy: () => Promise<string | undefined>): Promise<void> {
    const user = await usedBy();
    if (user === undefined) return;
    throw new PssrError(
      "RESOURCE_IN_USE",
      `"${nameOfImage(key)}" belongs to the dataset "${user}"; delete that first`,
      {
        field: "name",
        metadata: { used_by: user },
      },
    );
  }

  /** Changes a record whatever it says by then; `decide` gives back the same object for no change. */
  async #write<R extends ImageRecord | undefined>(
    key: RecordKey,
    { signal }: Abortable,
    decide: (record: ImageRecord | undefined) => ImageRecord | R,
  ): Promise<RecordEntry<ImageRecord>> {
    for (;;) {
      const entry = await this.#records.get(key, { signal });
      const next = decide(entry?.record);
      if (next === undefined || next === entry?.record) {
        if (entry !== undefined) return entry;
        throw new PssrError("NOT_FOUND", `there is no image "${nameOfImage(key)}"`);
      }
      try {
        return await this.#records.put(key, next, entry?.revision ?? 0n, { signal });
      } catch (error) {
        if (!isPssrError(error, "REVISION_CONFLICT")) throw error;
      }
    }
  }
}

function taken({ id }: RecordKey): PssrError {
  return new PssrError(
    "ALREADY_EXISTS",
    `image_id: "${id}" was given to another image, or is held for one; choose another id`,
    { field: "image_id" },
  );
}

function isRegistered(image: StoredImage, { location, pixelSizeNm, levels }: RegisteredPixels): boolean {
  return (
    image.location === location &&
    image.pixelSizeNm === pixelSizeNm &&
    image.levels.black === levels.black &&
    image.levels.white === levels.white
  );
}
