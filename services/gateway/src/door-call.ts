/**
 * One call through the door as its spans and metrics see it, the caller's, and below it the one that goes on to a service; and
 * what it holds until its end.
 */
import { status } from "@grpc/grpc-js";
import { formatTraceparent, type ObservedCall, observeCall, parseTraceparent, runInScope } from "@pssr/platform";

export class DoorCall {
  #arrived: ObservedCall | undefined;
  #forwarded: ObservedCall | undefined;
  #release: () => void = () => undefined;
  #isOver = false;

  constructor(readonly path: string) {}

  /** It belongs to the caller's trace, where he has one. */
  arrived(traceparent: string | undefined): void {
    this.#arrived = observeCall("door", { path: this.path, parent: parseTraceparent(traceparent) });
  }

  /** Gives the `traceparent` for the service. */
  forwarded(): string {
    this.#forwarded = observeCall("client", { path: this.path, parent: this.#arrived?.trace });
    return formatTraceparent(this.#forwarded.trace);
  }

  /** To be called once, with what gives back what the call holds: at its end, or now where its caller has gone already. */
  holds(release: () => void): void {
    if (this.#isOver) release();
    else this.#release = release;
  }

  /** Runs what is done for it, the log's lines above all, in its scope. */
  inScope<T>(work: () => T): T {
    const trace = this.#arrived?.trace;
    return trace === undefined ? work() : runInScope({ trace }, work);
  }

  end(code: status = status.CANCELLED): void {
    this.#isOver = true;
    this.#release();
    this.#forwarded?.end(code);
    this.#arrived?.end(code);
  }
}
