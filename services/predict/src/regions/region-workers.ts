/**
 * Restores regions from the queue, so many at once. Any number of processes may have these: a region is restored by whoever
 * claims it, its shard is written once, and the first verdict stands.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { isPssrError, PssrError } from "@pssr/api";
import {
  type Abortable,
  type Claim,
  type EventBus,
  mayPass,
  type ObjectStore,
  runInScope,
  type WorkQueue,
} from "@pssr/platform";
import { regionPlan } from "../predictions/prediction-spec.js";
import { isImage } from "../predictions/write-image-metadata.js";
import { observeRegion, observeTiles } from "./observe-region.js";
import type { OrderKey, RegionBoard, RegionOrder, RegionVerdict } from "./region-board.js";
import { decodeRegionJob, type RegionJob, regionKind } from "./region-job.js";
import { TileNews } from "./tile-news.js";

export interface RegionWorkersSettings {
  /** Regions at work at the same time. */
  workers: number;
  /**
   * Resolves once somebody leads the operation of a region. One whose worker has died is taken over first: a region that ends each
   * process that begins it would otherwise do so before the operation counted its crashes.
   */
  led?(key: OrderKey, options: { signal: AbortSignal }): Promise<void>;
  /** How often a claim is renewed, milliseconds. Default 2,000: well within what a queue allows. */
  heartbeatMs?: number;
  /** Told of each region that this process has restored. */
  restored?(job: RegionJob): void;
  /** Errors that no caller can be told. */
  report(error: unknown, doing: string): void;
}

export interface EncodedRegion {
  /** Key of the shard below the image's prefix. */
  readonly key: string;
  readonly bytes: Uint8Array;
  readonly clipped: number;
}

/** Restores and encodes a region, off the event loop. */
export type RestoreShard = (
  order: RegionOrder,
  index: number,
  options: { signal: AbortSignal; onTile(): void },
) => Promise<EncodedRegion>;

const pauseAfterErrorMs = 1000;

export class RegionWorkers {
  /** Aborted when no further region is wanted; those under way go on until `#stopping`. */
  readonly #sated = new AbortController();
  readonly #stopping = new AbortController();
  /** What is at work, by order. */
  readonly #atWork = new Map<string, Set<AbortController>>();
  readonly #news: TileNews;
  #running: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly ports: { board: RegionBoard; queue: WorkQueue; events: EventBus; objects: ObjectStore },
    private readonly restore: RestoreShard,
    private readonly settings: RegionWorkersSettings,
  ) {
    this.#news = new TileNews(ports.events, (error, doing) => settings.report(error, doing));
  }

  start(): void {
    const lanes = Array.from({ length: this.settings.workers }, () =>
      this.#repeat("working on regions", this.#sated.signal, (signal) => this.#handleNext(signal)),
    );
    const following = this.#repeat("following the orders of regions", this.#stopping.signal, (signal) =>
      this.#followWithdrawals(signal),
    );
    this.#running = Promise.all([...lanes, following]);
  }

  /** Takes no further region. */
  stopClaiming(): void {
    this.#sated.abort();
  }

  /** Stops claiming, and gives back what is at work. */
  async close(): Promise<void> {
    this.stopClaiming();
    this.#stopping.abort();
    await this.#running;
  }

  async #repeat(doing: string, signal: AbortSignal, work: (signal: AbortSignal) => Promise<void>): Promise<void> {
    while (!signal.aborted) {
      try {
        await work(signal);
      } catch (error) {
        if (signal.aborted) return;
        this.settings.report(error, doing);
        await pause(signal);
      }
    }
  }

  async #followWithdrawals(signal: AbortSignal): Promise<void> {
    for await (const key of this.ports.board.withdrawals({ signal })) {
      for (const controller of this.#atWork.get(nameOf(key)) ?? []) controller.abort(new Withdrawn());
    }
  }

  async #handleNext(signal: AbortSignal): Promise<void> {
    const claim = await this.ports.queue.claim(regionKind, { signal });
    // It may have come in the moment in which it was wanted no more.
    if (signal.aborted) return claim.giveBack(0);
    const job = this.#decode(claim.payload);
    if (job === undefined) return claim.ack();
    try {
      await observeRegion(job, claim.trace, () => this.#holdAndHandle(claim, job));
    } catch (error) {
      if (this.#stopping.signal.aborted) return;
      const scope = claim.trace === undefined ? {} : { trace: claim.trace };
      runInScope(scope, () => this.settings.report(error, `working on region ${claim.jobId}`));
      await pause(signal);
    }
  }

  async #holdAndHandle(claim: Claim, job: RegionJob): Promise<void> {
    const beats = setInterval(() => {
      claim.heartbeat().catch((error: unknown) => this.settings.report(error, `holding the claim of ${claim.jobId}`));
    }, this.settings.heartbeatMs ?? 2000);
    try {
      await this.#handle(claim, job);
    } catch (error) {
      await claim
        .giveBack(this.#stopping.signal.aborted ? 0 : pauseAfterErrorMs)
        .catch((again: unknown) => this.settings.report(again, `giving back ${claim.jobId}`));
      throw error;
    } finally {
      clearInterval(beats);
    }
  }

  /** Undefined for a message that no worker will ever understand: giving it back would keep them all busy with it. */
  #decode(payload: Uint8Array): RegionJob | undefined {
    try {
      return decodeRegionJob(payload);
    } catch (error) {
      this.settings.report(error, "reading a region's message, which is thrown away");
      return undefined;
    }
  }

  async #handle(claim: Claim, job: RegionJob): Promise<void> {
    const withdrawn = new AbortController();
    const signal = AbortSignal.any([withdrawn.signal, this.#stopping.signal]);
    const forget = this.#remember(job, withdrawn);
    const { board } = this.ports;
    let order: RegionOrder | undefined;
    let shard: string | undefined;
    const onShard = (object: string) => {
      shard = object;
    };
    try {
      await this.settings.led?.(job, { signal });
      order = await board.order(job, { signal });
      if (order !== undefined && (await board.verdict(job, job.index, { signal })) === undefined) {
        await board.decide(job, job.index, await this.#restore(order, job, { signal, onShard }), { signal });
        this.settings.restored?.(job);
      }
    } catch (error) {
      if (!withdrawn.signal.aborted) throw error;
    } finally {
      forget();
    }
    // The operation may have ended, and its board been cleared, meanwhile.
    if (order !== undefined && (await board.order(job, {})) === undefined) await this.#takeBack(order, job, shard);
    await claim.ack();
  }

  /**
   * Leaves nothing of a region whose order is gone, as nobody looks for it any more. Its shard is the image's where the image
   * has been finished, and stands: another worker of the region may have put it.
   */
  async #takeBack(order: RegionOrder, job: RegionJob, shard: string | undefined): Promise<void> {
    await this.ports.board.retract(job, job.index, {});
    if (shard === undefined || (await isImage(this.ports.objects, order.imagePrefix, {}))) return;
    await this.ports.objects.delete(shard);
  }

  /** The region's verdict; throws what may pass by itself. */
  async #restore(
    order: RegionOrder,
    job: RegionJob,
    { signal, onShard }: { signal: AbortSignal; onShard(object: string): void },
  ): Promise<RegionVerdict> {
    let tiles = 0;
    const tell = () => this.#news.tell(job, ++tiles);
    try {
      if (job.index >= regionPlan(order.spec).count) throw new PssrError("INTERNAL", `there is no region ${job.index}`);
      const { key, bytes, clipped } = await observeTiles(tell, (onTile) =>
        this.restore(order, job.index, { signal, onTile }),
      );
      const object = `${order.imagePrefix}${key}`;
      onShard(object);
      await this.#putOnce(object, bytes, { signal });
      return { schemaVersion: 1, object, clipped };
    } catch (error) {
      if (signal.aborted || mayPass(error)) throw error;
      this.settings.report(error, `restoring region ${job.index} of ${job.operation}`);
      const { reason, message, field } = isPssrError(error)
        ? error
        : new PssrError("INTERNAL", "a region could not be restored by a fault of ours; the log holds the details");
      return { schemaVersion: 1, failure: { reason, message, field } };
    }
  }

  /**
   * A shard that is there already was restored from the same order by a worker that died before its verdict. It is as good as
   * ours, though on another processor its last bits may differ.
   */
  async #putOnce(key: string, bytes: Uint8Array, options: Abortable): Promise<void> {
    try {
      await this.ports.objects.put(key, bytes, options);
    } catch (error) {
      if (!isPssrError(error, "ALREADY_EXISTS")) throw error;
    }
  }

  #remember(key: OrderKey, controller: AbortController): () => void {
    const name = nameOf(key);
    const controllers = this.#atWork.get(name) ?? new Set();
    this.#atWork.set(name, controllers.add(controller));
    return () => {
      controllers.delete(controller);
      if (controllers.size === 0) this.#atWork.delete(name);
    };
  }
}

async function pause(signal: AbortSignal): Promise<void> {
  await sleep(pauseAfterErrorMs, undefined, { signal }).catch(() => undefined); // closed meanwhile
}

class Withdrawn extends Error {
  override readonly name = "Withdrawn";
  override readonly message = "the operation does not need this region any more";
}

function nameOf({ project, operation, attempt }: OrderKey): string {
  return `${project}/${operation}/${attempt}`;
}
