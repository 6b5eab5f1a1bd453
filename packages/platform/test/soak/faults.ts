/**
 * What befalls workers that live, and the servers, drawn from a soak's seed: when the next fault comes, which it is, and whom it
 * meets.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { LocalServer } from "@pssr/local-servers";
import type { Chance } from "./chance.js";
import type { Crew, Place } from "./crew.js";
import type { Journal } from "./journal.js";
import type { Pause } from "./worker-life.js";
import { leaseMs } from "./worker-messages.js";

export interface FaultOptions {
  crew: Crew;
  servers: { nats: LocalServer; s3: LocalServer };
  /** When NATS was away. */
  natsOutages: Pause[];
  chance: Chance;
  journal: Journal;
}

/** Mean time between two of them. */
const everyMs = 1_600;

export class Faults {
  readonly counts = { freezes: 0, cuts: 0, natsRestarts: 0, s3Restarts: 0 };
  readonly #stop = new AbortController();
  readonly #lasting = new Set<Promise<void>>();
  #coming: Promise<void> = Promise.resolve();

  constructor(private readonly options: FaultOptions) {}

  start(): void {
    this.#coming = this.#come().catch((error: unknown) => {
      this.options.journal.violation(`a fault could not be made or mended: ${error}`);
    });
  }

  /** Everything is whole again when it resolves. */
  async end(): Promise<void> {
    this.#stop.abort();
    await this.#coming;
    await Promise.all(this.#lasting);
  }

  async #come(): Promise<void> {
    const { chance } = this.options;
    for (let number = 0; ; number++) {
      const own = chance.line(number);
      try {
        await sleep(own.time(everyMs), undefined, { signal: this.#stop.signal });
      } catch {
        return; // time is up
      }
      await this.#one(own);
    }
  }

  async #one(chance: Chance): Promise<void> {
    const { nats, s3 } = this.options.servers;
    const kind = chance.number();
    if (kind < 0.45) this.#last(this.#freeze(chance));
    else if (kind < 0.7) this.#last(this.#cut(chance));
    else if (kind < 0.86) await this.#restart("natsRestarts", nats, chance);
    else await this.#restart("s3Restarts", s3, chance);
  }

  /** Some faults go on while others come. */
  #last(fault: Promise<void>): void {
    const lasting = fault.finally(() => this.#lasting.delete(lasting));
    this.#lasting.add(lasting);
  }

  async #freeze(chance: Chance): Promise<void> {
    const life = chance.oneOf(this.options.crew.active())?.life;
    if (life === undefined) return;
    this.counts.freezes += 1;
    life.freeze();
    await sleep(chance.between(leaseMs / 2, leaseMs * 4));
    life.thaw();
  }

  async #cut(chance: Chance): Promise<void> {
    const isWhole = ({ cuts }: Place): boolean => cuts.every(({ toMs }) => toMs !== undefined);
    const place = chance.oneOf(
      this.options.crew
        .active()
        .filter(({ lines }) => lines !== undefined)
        .filter(isWhole),
    );
    if (place?.lines === undefined) return;
    const { life, lines, cuts } = place;
    this.counts.cuts += 1;
    const cut = chance.oneOf([[lines.nats], [lines.s3], [lines.nats, lines.s3]]) ?? [];
    const how = chance.oneOf(["cut", "silence"] as const) ?? "cut";
    const forMs = chance.between(100, 3_000);
    this.options.journal.note(`${life}: ${how} of ${cut.length} lines for ${forMs} ms`);
    const pause: Pause = { fromMs: Date.now(), why: "away" };
    cuts.push(pause);
    for (const line of cut) line[how]();
    await sleep(forMs);
    for (const line of cut) line.mend();
    pause.toMs = Date.now();
    this.options.journal.note(`${life}: its lines are mended`);
  }

  async #restart(which: "natsRestarts" | "s3Restarts", server: LocalServer, chance: Chance): Promise<void> {
    const { natsOutages, journal } = this.options;
    this.counts[which] += 1;
    const how = chance.oneOf(["kill", "stop"] as const) ?? "kill";
    const awayMs = chance.happens(0.5) ? 0 : chance.between(100, 4_000);
    journal.note(`${which}: ${how}, away for ${awayMs} ms`);
    const outage: Pause = { fromMs: Date.now(), why: "away" };
    if (which === "natsRestarts") natsOutages.push(outage);
    await server[how]();
    await sleep(awayMs);
    await server.start();
    outage.toMs = Date.now();
    journal.note(`${which}: it is back`);
  }
}
