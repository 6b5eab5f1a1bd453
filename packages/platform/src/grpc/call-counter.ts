/** Counts what is under way, so that a stop can wait until nothing is. */
import { ServerInterceptingCall, type ServerInterceptor } from "@grpc/grpc-js";

export class CallCounter {
  #count = 0;
  #waiting: (() => void)[] = [];

  get count(): number {
    return this.#count;
  }

  began(): void {
    this.#count++;
  }

  ended(): void {
    if (--this.#count > 0) return;
    for (const done of this.#waiting) done();
    this.#waiting = [];
  }

  /** Returns as soon as nothing is under way. */
  idle(): Promise<void> {
    return this.#count === 0 ? Promise.resolve() : new Promise((done) => this.#waiting.push(done));
  }
}

/** Counts calls of the given paths from their first header to the last byte of their answer, which is after their handler. */
export function countCalls(counter: CallCounter, paths: ReadonlySet<string>): ServerInterceptor {
  return (method, call) => {
    if (!paths.has(method.path)) return new ServerInterceptingCall(call);
    counter.began();
    // Called once, at every end of a call, a good one too.
    return new ServerInterceptingCall(call, { start: (next) => next({ onCancel: () => counter.ended() }) });
  };
}
