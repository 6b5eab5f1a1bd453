/**
 * Those who ask for work in a soak: they submit, some twice at once by two workers, some again after the end, and some change
 * their mind. Whoever gets no answer asks another worker, with the same request.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { Chance } from "./chance.js";
import type { Crew } from "./crew.js";
import type { History } from "./history.js";
import type { Journal } from "./journal.js";
import { drawRequest, operationKeyOf, type SoakRequest } from "./soak-request.js";
import { NoAnswer } from "./worker-life.js";
import type { Call } from "./worker-messages.js";

export interface CallerOptions {
  /** Operations under way at once. */
  atOnce: number;
  crew: Crew;
  history: History;
  chance: Chance;
  journal: Journal;
}

/** Of all requests. */
const twice = 0.2;
const again = 0.1;
const changed = 0.1;
const askAgainMs = 30;

export class Callers {
  /** By key. */
  readonly requests = new Map<string, SoakRequest>();
  readonly acknowledged = new Set<string>();
  readonly cancelled = new Set<string>();
  readonly #noMore = new AbortController();
  readonly #giveUp = new AbortController();
  #loops: Promise<unknown> = Promise.resolve();
  #count = 0;

  constructor(private readonly options: CallerOptions) {}

  start(): void {
    this.#loops = Promise.all(Array.from({ length: this.options.atOnce }, () => this.#ask()));
  }

  /** Nobody submits any more; resolves when all that was has ended, or the time for that is up. */
  async end(withinMs: number): Promise<void> {
    this.#noMore.abort();
    const timer = setTimeout(() => this.#giveUp.abort(), withinMs);
    await this.#loops;
    clearTimeout(timer);
  }

  async #ask(): Promise<void> {
    const { chance, journal } = this.options;
    while (!this.#noMore.signal.aborted) {
      const number = ++this.#count;
      const own = chance.line(number);
      const request = drawRequest(own.line("request"), number);
      const key = operationKeyOf(request);
      this.requests.set(key, request);
      try {
        await this.#follow(own, request, key);
      } catch (error) {
        if (!this.#giveUp.signal.aborted) journal.violation(`${key}: ${error}`);
        else journal.note(`${key} is given up`);
      }
    }
  }

  async #follow(own: Chance, request: SoakRequest, key: string): Promise<void> {
    const { history, journal } = this.options;
    const submits = Array.from({ length: own.happens(twice) ? 2 : 1 }, (_, i) =>
      this.#submit(own.line(`submit ${i}`), request),
    );
    const [name] = await Promise.all(submits);
    if (name === undefined) return;
    this.acknowledged.add(key);
    journal.note(`${key} is acknowledged`);
    if (own.happens(changed)) {
      await sleep(own.between(0, 400));
      await this.#call(own.line("cancel"), { type: "cancel", name });
      this.cancelled.add(key);
      journal.note(`${key} is cancelled`);
    }
    await history.ended(key, this.#giveUp.signal);
    if (own.happens(again)) await this.#submit(own.line("again"), request);
  }

  /** Name of the operation. */
  async #submit(chance: Chance, request: SoakRequest): Promise<string> {
    const { name } = (await this.#call(chance, { type: "submit", request })) as { name: string };
    const expected = `projects/p1/operations/thing-r${request.number}`;
    if (name !== expected) throw new Error(`it was submitted as ${name}, expected ${expected}`);
    return name;
  }

  async #call(chance: Chance, call: Call): Promise<unknown> {
    for (;;) {
      this.#giveUp.signal.throwIfAborted();
      const life = chance.oneOf(this.options.crew.active())?.life;
      try {
        if (life !== undefined) return await life.call(call);
      } catch (error) {
        if (!(error instanceof NoAnswer)) throw error;
      }
      await sleep(askAgainMs);
    }
  }
}
