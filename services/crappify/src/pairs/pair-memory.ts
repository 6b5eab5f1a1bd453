/**
 * Memory for the pairs of a stream, used again when a pair was read. Pairs come from threads, and the engine learns only by
 * collecting all garbage which memory from threads is free: at hundreds of pairs a second that took as long as making them.
 */
export class PairMemory {
  readonly #bytes: number;
  readonly #free: ArrayBuffer[] = [];

  /** For pairs of so many bytes each. */
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
