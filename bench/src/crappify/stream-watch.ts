/** The rate of a stream of pairs at work: from a quarter of its steps on, when the code of whoever reads is compiled. */
export class StreamWatch {
  readonly #steps: number;
  readonly #first: number;
  #begun: number | undefined;

  constructor(steps: number) {
    this.#steps = steps;
    this.#first = Math.floor(steps / 4);
  }

  /** Called for each pair of a step. */
  at(step: number): void {
    if (step === this.#first) this.#begun ??= performance.now();
  }

  /** Pairs a second, after the last one. */
  rate(batchSize: number): number {
    if (this.#begun === undefined) throw new Error("the stream ended before a quarter of its steps");
    return ((this.#steps - this.#first) * batchSize * 1000) / (performance.now() - this.#begun);
  }
}
