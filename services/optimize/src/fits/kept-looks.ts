/**
 * The looks that a fit has taken, in the object store: each is written before the operation remembers it, so that the next attempt
 * reads them back and at most the one under way is taken again.
 */
import { PssrError } from "@pssr/api";
import type { Checkpoint, JobContext, ObjectStore } from "@pssr/platform";
import type { KeptLook } from "../fitting/fit-outcome.js";
import { putLook, readLook } from "./fit-objects.js";

/** Looks from one to another, both included, that one attempt has written. */
interface LooksOf {
  attempt: number;
  from: number;
  to: number;
}

/** A checkpoint has at most 4 KiB: then all looks are written again, as this attempt's own. */
const mostRanges = 48;

export class KeptLooks {
  readonly #job: JobContext;
  readonly #objects: ObjectStore;
  #ranges: LooksOf[];

  /** Throws RECORD_TOO_NEW for what a newer release remembers. */
  constructor(job: JobContext, objects: ObjectStore) {
    this.#job = job;
    this.#objects = objects;
    this.#ranges = job.record.checkpoint === undefined ? [] : rangesOf(job.record.checkpoint);
  }

  /** Those of earlier attempts, in their order. */
  async read(): Promise<KeptLook[]> {
    const { signal, objectPrefix, attempt } = this.#job;
    const looks: KeptLook[] = [];
    for (const range of this.#ranges) {
      const prefix = prefixOf(this.#job, range.attempt);
      for (let index = range.from; index <= range.to; index++) {
        looks.push(await readLook(this.#objects, prefix, index, { signal }));
      }
    }
    if (this.#ranges.length >= mostRanges) {
      for (const look of looks) await putLook(this.#objects, objectPrefix, look, { signal });
      const ranges = [{ attempt, from: 1, to: looks.length }];
      await this.#job.checkpoint(toCheckpoint(ranges));
      this.#ranges = ranges;
    }
    return looks;
  }

  async keep(look: KeptLook): Promise<void> {
    const { signal, objectPrefix, attempt } = this.#job;
    await putLook(this.#objects, objectPrefix, look, { signal });
    const last = this.#ranges.at(-1);
    const ranges =
      last?.attempt === attempt
        ? [...this.#ranges.slice(0, -1), { ...last, to: look.index }]
        : [...this.#ranges, { attempt, from: look.index, to: look.index }];
    await this.#job.checkpoint(toCheckpoint(ranges));
    this.#ranges = ranges;
  }
}

function prefixOf({ objectPrefix, attempt }: JobContext, other: number): string {
  return `${objectPrefix.slice(0, -`${attempt}/`.length)}${other}/`;
}

function toCheckpoint(ranges: readonly LooksOf[]): Checkpoint {
  return { schemaVersion: 1, looks: ranges.map(({ attempt, from, to }) => [attempt, from, to]) };
}

/** Throws RECORD_TOO_NEW for what a newer release remembers, OBJECT_CORRUPT for anything else that is none. */
export function rangesOf(remembered: unknown): LooksOf[] {
  const { schemaVersion, looks } = (remembered ?? {}) as { schemaVersion?: unknown; looks?: unknown };
  if (typeof schemaVersion === "number" && schemaVersion > 1) {
    throw new PssrError(
      "RECORD_TOO_NEW",
      `what the operation remembers of its fit has version ${schemaVersion}, this release reads version 1: run a newer release`,
    );
  }
  if (schemaVersion !== 1 || !Array.isArray(looks)) throw corrupt();
  let next = 1;
  return looks.map((range: unknown) => {
    if (!Array.isArray(range) || !range.every(Number.isSafeInteger)) throw corrupt();
    const [attempt, from, to] = range as [number, number, number];
    if (from !== next || !(to >= from)) throw corrupt();
    next = to + 1;
    return { attempt, from, to };
  });
}

function corrupt(): PssrError {
  return new PssrError("OBJECT_CORRUPT", "the operation remembers no sound looks of its fit; fit again");
}
