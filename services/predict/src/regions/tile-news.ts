/**
 * Tells how many tiles of each region are done. Only the last count matters: while one is under way, those that follow wait as
 * one, so a bus that stands still has one call of each region, not one of each tile.
 */
import type { EventBus } from "@pssr/platform";
import { encodeTiles, type RegionJob, tilesPrefixOf } from "./region-job.js";

export class TileNews {
  /** The count that is to follow the one under way, by subject; undefined where there is none. */
  readonly #underWay = new Map<string, number | undefined>();
  #isOut = false;

  /** @param report Told once of each outage, not once of each tile. */
  constructor(
    private readonly events: EventBus,
    private readonly report: (error: unknown, doing: string) => void,
  ) {}

  tell(job: RegionJob, done: number): void {
    const subject = `${tilesPrefixOf(job)}${job.index}`;
    if (this.#underWay.has(subject)) this.#underWay.set(subject, done);
    else void this.#publish(subject, done);
  }

  async #publish(subject: string, first: number): Promise<void> {
    for (let done: number | undefined = first; done !== undefined; done = this.#underWay.get(subject)) {
      this.#underWay.set(subject, undefined);
      try {
        await this.events.publish(subject, encodeTiles(done));
        this.#isOut = false;
      } catch (error) {
        if (!this.#isOut) this.report(error, "telling of tiles; nothing more is said of that until it works again");
        this.#isOut = true;
      }
    }
    this.#underWay.delete(subject);
  }
}
