/**
 * The coordinator's part of a prediction: sees to it that each region gets its verdict. It keeps a bounded window of regions
 * in the queue, follows verdicts and tiles, and publishes again what nobody has been heard of for a while. Who restores them,
 * in this process or another, it does not know.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { EventBus, WorkQueue } from "@pssr/platform";
import { type PredictionSpec, regionPlan } from "../predictions/prediction-spec.js";
import { countPending } from "./observe-region.js";
import { failureOf, type OrderKey, type PlacedVerdict, type RegionBoard } from "./region-board.js";
import { decodeTiles, encodeRegionJob, regionJobId, regionKind, tilesPrefixOf } from "./region-job.js";

export interface SuperviseOptions {
  signal: AbortSignal;
  /** Regions in the queue or at work at the same time. */
  window: number;
  /** A region nobody was heard of for so long is published again, milliseconds. */
  patienceMs: number;
  /** Called when tiles were done. */
  onTiles(done: number, total: number): void;
  /** Awaited after each new verdict, with the number of regions that have theirs. */
  onRegion(done: number): Promise<void>;
}

export interface Supervised {
  /** Clipped pixels over all regions. */
  readonly clipped: number;
}

/** Resolves when all regions are restored; fails with the first failure among the verdicts. */
export async function superviseRegions(
  key: OrderKey,
  spec: PredictionSpec,
  { board, queue, events }: { board: RegionBoard; queue: WorkQueue; events: EventBus },
  options: SuperviseOptions,
): Promise<Supervised> {
  const supervision = new Supervision(key, spec, queue, options);
  const stop = new AbortController();
  const signal = AbortSignal.any([options.signal, stop.signal]);
  const tiles = events.subscribe(tilesPrefixOf(key), { signal });
  const uncount = countPending(() => supervision.pending);
  try {
    for await (const standing of board.standing(key, { signal })) supervision.takeVerdict(standing);
    supervision.tell();
    const followed = [
      followVerdicts(supervision, board.verdicts(key, { signal }), options.onRegion, signal),
      followTiles(supervision, tiles),
      publishAgain(supervision, options.patienceMs, signal),
    ];
    try {
      // Only the first resolves; the others go on until they are stopped, or fail.
      await Promise.race(followed);
    } finally {
      stop.abort();
      await Promise.allSettled(followed);
    }
    return { clipped: supervision.clipped };
  } finally {
    uncount();
    stop.abort();
  }
}

async function followVerdicts(
  supervision: Supervision,
  verdicts: AsyncIterable<PlacedVerdict>,
  onRegion: SuperviseOptions["onRegion"],
  signal: AbortSignal,
): Promise<void> {
  await supervision.fill(signal);
  if (supervision.complete) return;
  for await (const placed of verdicts) {
    if (!supervision.takeVerdict(placed)) continue;
    if (supervision.complete) return;
    await supervision.fill(signal);
    await onRegion(supervision.decided);
  }
}

async function followTiles(
  supervision: Supervision,
  events: AsyncIterable<{ subject: string; data: Uint8Array }>,
): Promise<void> {
  for await (const { subject, data } of events) {
    supervision.takeTiles(Number(subject.slice(subject.lastIndexOf("/") + 1)), decodeTiles(data));
  }
}

async function publishAgain(supervision: Supervision, patienceMs: number, signal: AbortSignal): Promise<void> {
  for (;;) {
    await sleep(patienceMs / 2, undefined, { signal });
    await supervision.publishSilent(patienceMs, signal);
  }
}

class Supervision {
  clipped = 0;
  readonly #plan;
  readonly #total: number;
  readonly #decided = new Set<number>();
  /** Regions in the window: tiles done, and when something was last heard of them, on the monotonic clock. */
  readonly #open = new Map<number, { tiles: number; heardMs: number }>();
  #next = 0;
  #tilesDone = 0;

  constructor(
    private readonly key: OrderKey,
    spec: PredictionSpec,
    private readonly queue: WorkQueue,
    private readonly options: SuperviseOptions,
  ) {
    this.#plan = regionPlan(spec);
    this.#total = Array.from({ length: this.#plan.count }, (_, index) => this.#plan.tiles(index)).reduce(
      (sum, tiles) => sum + tiles,
      0,
    );
  }

  get complete(): boolean {
    return this.#decided.size === this.#plan.count;
  }

  get pending(): number {
    return this.#plan.count - this.#decided.size;
  }

  get decided(): number {
    return this.#decided.size;
  }

  /** False where it is known already. Throws the verdict's failure. */
  takeVerdict({ index, verdict }: PlacedVerdict): boolean {
    if (this.#decided.has(index)) return false;
    if ("failure" in verdict) throw failureOf(verdict);
    this.#decided.add(index);
    this.#open.delete(index);
    this.clipped += verdict.clipped;
    this.#tilesDone += this.#plan.tiles(index);
    this.tell();
    return true;
  }

  takeTiles(index: number, tiles: number): void {
    const open = this.#open.get(index);
    if (open === undefined) return;
    open.heardMs = performance.now();
    open.tiles = tiles;
    this.tell();
  }

  /** Publishes regions until the window is full. */
  async fill(signal: AbortSignal): Promise<void> {
    for (; this.#next < this.#plan.count && this.#open.size < this.options.window; this.#next++) {
      if (this.#decided.has(this.#next)) continue;
      this.#open.set(this.#next, { tiles: 0, heardMs: performance.now() });
      await this.#publish(this.#next, signal);
    }
  }

  async publishSilent(patienceMs: number, signal: AbortSignal): Promise<void> {
    for (const [index, open] of this.#open) {
      if (performance.now() - open.heardMs < patienceMs) continue;
      open.heardMs = performance.now();
      await this.#publish(index, signal);
    }
  }

  #publish(index: number, signal: AbortSignal): Promise<void> {
    const job = { ...this.key, index };
    return this.queue.publish(regionKind, regionJobId(job), encodeRegionJob(job), { signal });
  }

  /** How far it is, to whoever asked to be told. */
  tell(): void {
    const open = [...this.#open.values()].reduce((sum, { tiles }) => sum + tiles, 0);
    this.options.onTiles(this.#tilesDone + open, this.#total);
  }
}
