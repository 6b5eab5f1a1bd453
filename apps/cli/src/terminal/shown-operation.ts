/**
 * An operation on its way, state by state, for a person who follows it. One that others are before says that it waits for its turn,
 * one that an outage gave back, for what; one that is taken up in a moment says neither.
 */
import { type OperationMetadata, Progress, OperationMetadata_State as State } from "@pssr/api";
import type { ProgressView } from "./progress.js";

/** From when on waiting is worth a word. */
const MOMENT_MS = 1000;

export class ShownOperation implements Disposable {
  #moment: NodeJS.Timeout | undefined;

  constructor(
    private readonly view: ProgressView,
    private readonly label: string,
    private readonly names?: readonly string[],
  ) {}

  show(metadata: OperationMetadata): void {
    clearTimeout(this.#moment);
    const progress = progressOf(metadata);
    if (progress === undefined) return;
    if (metadata.state !== State.STATE_PENDING) this.#tell(progress);
    else this.#moment = setTimeout(() => this.#tell(progress), MOMENT_MS);
  }

  #tell(progress: Progress): void {
    this.view.show(this.label, progress, this.names);
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#moment);
  }
}

/** How far an operation is; undefined where it has not said so yet. */
export function progressOf({ state, progress }: Pick<OperationMetadata, "state" | "progress">): Progress | undefined {
  if (state !== State.STATE_PENDING) return progress;
  // What it told before it was given back is how far it is, but not what it does, nor what it will take. Where it told what it waits
  // for, that is why it was given back: not others, but an outage.
  const { fraction, done, total, unit, warning = "" } = progress ?? {};
  const phase = warning === "" ? "waiting for its turn" : "";
  return Progress.fromPartial({ fraction, done, total, unit, phase, warning });
}
