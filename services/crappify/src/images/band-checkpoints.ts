/**
 * How far an image is degraded, kept in its operation's record: after a restart it goes on from the last whole row of shards, in
 * the objects of the attempt that began it; after a change of release that gives other noise, from the beginning.
 */
import { PssrError } from "@pssr/api";
import { noiseVersion } from "@pssr/crappifiers";
import { JobAborted, type JobContext } from "@pssr/platform";

const everyMs = 1000;

type BandCheckpoint = {
  /** In whose objects the image is. */
  imageAttempt: number;
  /** Rows of shards that are written, from the first on. */
  rows: number;
  /** That of their noise. */
  noise: number;
};

export class BandCheckpoints {
  readonly #job: JobContext;
  /** Rows that earlier attempts have written. */
  readonly begun: number;
  readonly #attempt: number;
  #rows: number;
  #savedMs = performance.now();

  /** Throws RECORD_TOO_NEW for a checkpoint that is none of this release's. */
  constructor(job: JobContext) {
    const found = readCheckpoint(job);
    const { imageAttempt, rows } = found?.noise === noiseVersion ? found : { imageAttempt: job.attempt, rows: 0 };
    this.#job = job;
    this.#attempt = imageAttempt;
    this.begun = rows;
    this.#rows = rows;
  }

  /** Prefix of the image's objects. */
  get location(): string {
    const { project, id } = this.#job.record;
    return `operations/${project}/${id}/${this.#attempt}/image.zarr/`;
  }

  /** The attempt whose objects the result refers to beside the present one's. */
  get keepAttempts(): number[] {
    return this.#attempt === this.#job.attempt ? [] : [this.#attempt];
  }

  /** So many rows are written by now. */
  async reached(rows: number): Promise<void> {
    this.#rows = rows;
    if (performance.now() - this.#savedMs >= everyMs) await this.#save();
  }

  /** To be called when the work breaks off. */
  async leave(): Promise<void> {
    const { reason } = this.#job.signal;
    if (reason instanceof JobAborted && reason.because === "SHUTTING_DOWN") await this.#save();
  }

  async #save(): Promise<void> {
    const checkpoint: BandCheckpoint = { imageAttempt: this.#attempt, rows: this.#rows, noise: noiseVersion };
    await this.#job.checkpoint(checkpoint);
    this.#savedMs = performance.now();
  }
}

function readCheckpoint({ record: { checkpoint } }: JobContext): BandCheckpoint | undefined {
  if (checkpoint === undefined) return undefined;
  const { imageAttempt, rows, noise } = (checkpoint ?? {}) as Partial<BandCheckpoint>;
  if ([imageAttempt, rows, noise].every(Number.isSafeInteger)) return { imageAttempt, rows, noise } as BandCheckpoint;
  throw new PssrError(
    "RECORD_TOO_NEW",
    "the checkpoint of this image says not how far it is degraded: another release wrote it; run that one, or degrade it again",
  );
}
