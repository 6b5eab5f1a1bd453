/**
 * Memory for runs of pairs of a stream, used again when all of a run were read. Pairs come from threads, and the engine learns only by
 * collecting all garbage which memory from threads is free: at hundreds of pairs a second that took as long as making them.
 */
export class PairMemory {
  readonly #bytes: number;
  readonly #free: ArrayBuffer[] = [];

  /** For runs of so many bytes at most. */
  constructor(bytes: number) {
    this.#bytes = bytes;
  }

  /** What was given back, else new memory. Whoever does not give it back leaves it to the garbage collector. */
  take(): ArrayBuffer {
    return this.#free.pop() ?? new ArrayBuffer(this.#bytes);
  }

  giveBack(memory: ArrayBuffer): void {
    this.#free.push(memory);
  }
}
