/**
 * How far an image is degraded, kept in its operation's record: after a restart it goes on from the last whole row of shards, in
 * the objects of the attempt that began it; after a change of release that gives other pixels, from the beginning.
 */
import { pixelVersion } from "@pssr/crappifiers";
import { type Clock, JobAborted, type JobContext, systemClock } from "@pssr/platform";

const everyMs = 1000;

type BandCheckpoint = {
  /** In whose objects the image is. */
  imageAttempt: number;
  /** Rows of shards that are written, from the first on. */
  rows: number;
  /** That of their pixels. */
  version: number;
};

export class BandCheckpoints {
  readonly #job: JobContext;
  /** Rows that earlier attempts have written. */
  readonly begun: number;
  readonly #attempt: number;
  #rows: number;
  readonly #clock: Clock;
  #savedMs: number;

  /** @param rows Rows of shards that the image has. */
  constructor(job: JobContext, rows: number, clock: Clock = systemClock) {
    const { imageAttempt, rows: begun } = usable(job, rows) ?? { imageAttempt: job.attempt, rows: 0 };
    this.#job = job;
    this.#attempt = imageAttempt;
    this.begun = begun;
    this.#rows = begun;
    this.#clock = clock;
    this.#savedMs = clock.monotonic();
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
    if (this.#clock.monotonic() - this.#savedMs >= everyMs) await this.#save();
  }

  /** To be called when the work breaks off. */
  async leave(): Promise<void> {
    const { reason } = this.#job.signal;
    if (reason instanceof JobAborted && reason.because === "SHUTTING_DOWN") await this.#save();
  }

  async #save(): Promise<void> {
    const checkpoint: BandCheckpoint = { imageAttempt: this.#attempt, rows: this.#rows, version: pixelVersion };
    await this.#job.checkpoint(checkpoint);
    this.#savedMs = this.#clock.monotonic();
  }
}

/** Whatever is not exactly of this release is none: its objects are swept, the image begins anew in others. */
function usable({ attempt, record: { checkpoint } }: JobContext, most: number): BandCheckpoint | undefined {
  const { imageAttempt = 0, rows = -1, version } = (checkpoint ?? {}) as Partial<BandCheckpoint>;
  const isWhole = Number.isSafeInteger(imageAttempt) && Number.isSafeInteger(rows);
  const isWithin = imageAttempt >= 1 && imageAttempt <= attempt && rows >= 0 && rows <= most;
  return isWhole && isWithin && version === pixelVersion ? { imageAttempt, rows, version } : undefined;
}
