/**
 * Checkpoints of a training in the object store: the state that a training process goes on from, and the loss curve up to
 * there. There is one at a time: the operation remembers the new one first, then the one before it is removed.
 */
import { createReadStream } from "node:fs";
import { writeFile } from "node:fs/promises";
import { isPssrError, PssrError } from "@pssr/api";
import type { Abortable, JobContext, Logger, ObjectStore } from "@pssr/platform";
import { LossCurve } from "./loss-curve.js";

/** Chunks in which files travel into the object store. */
const highWaterMark = 256 * 1024;

/** What the operation's record remembers. */
export interface CheckpointReference {
  readonly schemaVersion: 1;
  readonly step: number;
  /** Seconds spent learning up to here, over all attempts. */
  readonly elapsedSeconds: number;
  /** Object keys. */
  readonly state: string;
  readonly losses: string;
}

export class Checkpoints {
  readonly #job: JobContext;
  readonly #objects: ObjectStore;
  readonly #log: Logger;
  #last: CheckpointReference | undefined;
  #count = 0;

  constructor(job: JobContext, objects: ObjectStore, log: Logger) {
    this.#job = job;
    this.#objects = objects;
    this.#log = log;
    this.#last = job.record.checkpoint === undefined ? undefined : checkpointReference(job.record.checkpoint);
  }

  get last(): CheckpointReference | undefined {
    return this.#last;
  }

  /**
   * Brings the last checkpoint's state into a file, where there is one; its loss curve is given back. One that is gone is none:
   * records that come from a backup are older than the objects, and name checkpoints that newer ones have replaced since. One that
   * is damaged stays an error (OBJECT_CORRUPT): that is no restored backup but a fault of the storage, which somebody has to know
   * of, and what was learned may still be had back by restoring that object.
   */
  async fetch(path: string, options: Abortable): Promise<LossCurve | undefined> {
    if (this.#last === undefined) return undefined;
    const { state, losses, step } = this.#last;
    try {
      await writeFile(path, this.#objects.get(state, options));
      return LossCurve.fromBytes(await this.#objects.getBytes(losses, LossCurve.mostBytes, options));
    } catch (err) {
      if (!isPssrError(err, "NOT_FOUND")) throw err;
      this.#log.warn({ err, step }, "the last checkpoint is gone; the training begins again at step 0");
      this.#last = undefined;
      return undefined;
    }
  }

  /** Stores a state and remembers it as the one to go on from. Gives the key of the loss curve, undefined: it is no news. */
  async keep(
    position: { step: number; elapsedSeconds: number },
    path: string,
    losses: LossCurve,
    options: Abortable,
  ): Promise<string | undefined> {
    const before = this.#last;
    if (position.step === (before?.step ?? 0)) return undefined;
    this.#count += 1;
    const prefix = `${checkpointsPrefix(this.#job.objectPrefix)}${this.#count}/`;
    const reference = {
      schemaVersion: 1 as const,
      ...position,
      state: `${prefix}state.safetensors`,
      losses: `${prefix}losses`,
    };
    await storeFile(this.#objects, reference.state, path, options);
    await this.#objects.put(reference.losses, losses.toBytes(), options);
    await this.#job.checkpoint(reference);
    this.#last = reference;
    return reference.losses;
  }

  /** Removes a checkpoint that is no longer the one to go on from. */
  async remove({ state, losses }: CheckpointReference, options: Abortable): Promise<void> {
    await this.#objects.delete(state, options);
    await this.#objects.delete(losses, options);
  }
}

/** Throws RECORD_TOO_NEW for what a newer release remembers, OBJECT_CORRUPT for anything else that is no reference. */
export function checkpointReference(remembered: unknown): CheckpointReference {
  const fields = typeof remembered === "object" && remembered !== null ? (remembered as Record<string, unknown>) : {};
  const { schemaVersion, step, elapsedSeconds, state, losses } = fields;
  if (typeof schemaVersion === "number" && schemaVersion > 1) {
    throw new PssrError(
      "RECORD_TOO_NEW",
      `the checkpoint that the operation remembers has version ${schemaVersion}, this release reads version 1: run a newer release`,
    );
  }
  const sound =
    schemaVersion === 1 &&
    Number.isSafeInteger(step) &&
    typeof elapsedSeconds === "number" &&
    typeof state === "string" &&
    typeof losses === "string";
  if (!sound) {
    throw new PssrError(
      "OBJECT_CORRUPT",
      "the operation remembers no sound checkpoint; train again, or restore a backup",
    );
  }
  return { schemaVersion, step: step as number, elapsedSeconds, state, losses };
}

/** Where an attempt keeps its checkpoints, and nothing else. */
export function checkpointsPrefix(attemptPrefix: string): string {
  return `${attemptPrefix}checkpoints/`;
}

export async function storeFile(objects: ObjectStore, key: string, path: string, options: Abortable): Promise<void> {
  await objects.put(key, createReadStream(path, { highWaterMark }), options);
}
