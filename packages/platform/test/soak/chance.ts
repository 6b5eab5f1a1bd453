/**
 * Decisions from a seed. Each named line of them is a line of its own, so that how often one part of a soak has drawn changes
 * nothing for another.
 */
import { createHash } from "node:crypto";

export class Chance {
  #drawn = 0;

  constructor(private readonly name: string) {}

  line(name: string | number): Chance {
    return new Chance(`${this.name}/${name}`);
  }

  /** From 0 on, below 1. */
  number(): number {
    const digest = createHash("sha256")
      .update(`${this.name} ${this.#drawn++}`)
      .digest();
    return digest.readUIntBE(0, 6) / 2 ** 48;
  }

  /** A whole number, both ends included. */
  between(low: number, high: number): number {
    return low + Math.floor(this.number() * (high - low + 1));
  }

  /** A time until something that happens every so often, whenever it last did. */
  time(meanMs: number): number {
    return -Math.log(1 - this.number()) * meanMs;
  }

  happens(probability: number): boolean {
    return this.number() < probability;
  }

  oneOf<T>(items: readonly T[]): T | undefined {
    return items[Math.floor(this.number() * items.length)];
  }
}
