/**
 * The workers of a soak: so many places, each with a process that is replaced as soon as it ends. The first place's process is
 * never killed, so that what piles up in it would be seen.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { type S3Server, SeverableLine } from "@pssr/local-servers";
import type { Kill } from "../operations/killing-ports.js";
import type { Chance } from "./chance.js";
import type { Journal } from "./journal.js";
import { NoAnswer, type Pause, WorkerLife } from "./worker-life.js";
import type { Measurement, Orders } from "./worker-messages.js";

/** Of the workers that are not the first, so many end themselves before or after a write, and so many are asked to end. */
const byThemselves = 0.4;
const latestWrite = 60;
const politely = 0.12;
/** How long the others work, from when they are ready on, in the mean. */
const meanLifeMs = 800;
const pauseAfterFailedStartMs = 200;

/** The ways to the servers, which can be cut. */
export interface Lines {
  nats: SeverableLine;
  s3: SeverableLine;
}

export interface Place {
  index: number;
  life: WorkerLife | undefined;
  lines: Lines | undefined;
  /** When they were cut, whoever worked here then. */
  cuts: Pause[];
}

export interface CrewOptions {
  size: number;
  concurrency: number;
  cluster: Orders["cluster"];
  chance: Chance;
  journal: Journal;
}

export class Crew {
  readonly places: Place[] = [];
  /** All there ever were. */
  readonly lives: WorkerLife[] = [];
  #isArmed = true;
  #isClosing = false;
  #loops: Promise<void>[] = [];

  constructor(private readonly options: CrewOptions) {}

  /** The first two places get lines that can be cut. */
  async start(s3: S3Server): Promise<void> {
    const { size, cluster } = this.options;
    for (let index = 0; index < size; index++) {
      const lines =
        index > 1
          ? undefined
          : { nats: await SeverableLine.to(cluster.natsUrl?.[0] ?? ""), s3: await SeverableLine.to(s3.endpoint) };
      const place: Place = { index, life: undefined, lines, cuts: [] };
      this.places.push(place);
      this.#loops.push(this.#fill(place));
    }
  }

  get kills(): number {
    return this.lives.filter(({ end }) => end?.signal === "SIGKILL").length;
  }

  /** Of the worker that is never killed; it may be frozen or cut off for a while. */
  async measureSurvivor(): Promise<Measurement> {
    for (let tries = 1; ; tries++) {
      try {
        return (await this.places[0]?.life?.call({ type: "measure" })) as Measurement;
      } catch (error) {
        if (!(error instanceof NoAnswer) || tries === 4) throw error;
      }
    }
  }

  /** Workers that were asked to stop in their prime. */
  get stops(): number {
    return this.lives.filter(({ end, stoppedMs }) => end?.code === 0 && stoppedMs !== undefined).length;
  }

  byClaimant(claimant: string): WorkerLife | undefined {
    const process = claimant.split("/", 1)[0];
    return this.lives.find((life) => life.claimant === process);
  }

  active(): Place[] {
    return this.places.filter(({ life }) => life?.isActive);
  }

  /** From now on nobody is killed any more, by himself neither. */
  async spareAll(): Promise<void> {
    this.#isArmed = false;
    await Promise.all(
      this.places.map(async ({ life }) => {
        life?.thaw();
        await life?.call({ type: "spare" }).catch(() => undefined); // it is gone, and the next has no such order
      }),
    );
  }

  /** Stops all. */
  async close(): Promise<void> {
    this.#isClosing = true;
    for (const { life } of this.places) {
      life?.thaw();
      life?.stop();
    }
    await Promise.all(this.#loops);
    for (const { lines } of this.places) {
      await lines?.nats.close();
      await lines?.s3.close();
    }
  }

  async #fill(place: Place): Promise<void> {
    while (!this.#isClosing) {
      const life = this.#begin(place);
      const { code, signal } = await life.ended;
      const isStopped = code === 0 || (signal === "SIGTERM" && life.claimant === undefined); // it had hardly begun
      if (isStopped && life.stoppedMs !== undefined) continue;
      if (signal === "SIGKILL" && (life.killedMs !== undefined || life.orders.kill !== undefined)) continue;
      this.options.journal.violation(`${life} ended with ${code ?? signal}, and nobody had asked for that`);
      await sleep(pauseAfterFailedStartMs);
    }
  }

  #begin(place: Place): WorkerLife {
    const { cluster, concurrency, chance, journal } = this.options;
    const { lines, index, cuts } = place;
    const isMortal = index > 0;
    const fate = isMortal && this.#isArmed ? drawFate(chance.line(this.lives.length)) : {};
    const ownCluster =
      lines === undefined ? cluster : { ...cluster, natsUrl: [lines.nats.url], s3Endpoint: lines.s3.url };
    const orders: Orders = { cluster: ownCluster, concurrency, kill: fate.self };
    // They live too briefly for the compiler to be worth its time.
    const execArgv = isMortal ? ["--no-opt"] : ["--expose-gc"];
    const life = new WorkerLife(this.lives.length, orders, journal, { cuts, execArgv });
    this.lives.push(life);
    place.life = life;
    const { end, afterMs } = fate;
    if (end !== undefined) {
      void life.ready.then(() => {
        const timer = setTimeout(() => {
          if (this.#isArmed) life[end]();
        }, afterMs);
        void life.ended.then(() => clearTimeout(timer));
      });
    }
    return life;
  }
}

/** How a worker ends: at a write of its own, or some time after it is ready. */
interface Fate {
  self?: Kill;
  end?: "kill" | "stop";
  afterMs?: number;
}

function drawFate(chance: Chance): Fate {
  if (chance.happens(byThemselves)) {
    return { self: { write: chance.between(1, latestWrite), when: chance.happens(0.5) ? "before" : "after" } };
  }
  return { end: chance.happens(politely) ? "stop" : "kill", afterMs: chance.time(meanLifeMs) };
}
