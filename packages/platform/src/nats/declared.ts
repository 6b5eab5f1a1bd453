/** Something declared on the server at its first use, and anew after each reconnection: the server may have lost it. */
import type { Abortable } from "../abortable.js";
import type { NatsConnection } from "./nats-connection.js";

export class Declared<T> {
  #made: { value: Promise<T>; broken: AbortSignal } | undefined;

  constructor(
    private readonly nats: NatsConnection,
    private readonly declare: () => Promise<T>,
  ) {}

  async get({ signal }: Abortable = {}): Promise<T> {
    if (this.#made === undefined || this.#made.broken.aborted) {
      const broken = await this.nats.request("a connection", () => this.nats.standing(), { signal });
      const made = { value: this.declare(), broken };
      this.#made = made;
      // A failed declaration is its caller's error, and the next one's to try again.
      made.value.catch(() => {
        if (this.#made === made) this.#made = undefined;
      });
    }
    return this.#made.value;
  }

  /** After an error that may mean that it is gone. */
  forget(): void {
    this.#made = undefined;
  }
}
