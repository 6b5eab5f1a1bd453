/** What a fit tells while it is at work. */
import { type Fit, Progress } from "@pssr/api";
import { type TypedBytes, typedMessage } from "@pssr/platform";
import type { Phase, TakenLook } from "../fitting/fit-outcome.js";
import { phases, secondsOf, toDuration } from "./fit-message.js";

const words: Readonly<Record<Phase, string>> = {
  START: "searching",
  SEARCH: "searching",
  DESCENT: "going downhill",
  INTERVALS: "measuring intervals",
  HELD_OUT: "looking at tiles held back",
};

/** Of what is said of a fault: progress is stored, and small. */
const mostWarningCharacters = 500;
/** The numbers of the best look fit into progress. */
const mostValues = 64;

export class FitProgressTeller {
  #doing = "reading tiles";
  #look: TakenLook | undefined;
  #warning = "";

  constructor(
    private readonly budget: Fit["budget"],
    private readonly tell: (value: TypedBytes) => void,
  ) {}

  doing(what: string): void {
    this.#doing = what;
    this.#tell();
  }

  taken(look: TakenLook): void {
    this.#look = look;
    this.#doing = words[look.phase];
    this.#tell();
  }

  /** What is waited for; without a problem, that it is there again. */
  waiting(problem = ""): void {
    this.#warning = Array.from(problem).slice(0, mostWarningCharacters).join("");
    this.#tell();
  }

  #tell(): void {
    const look = this.#look;
    const message = Progress.fromPartial({
      phase: this.#doing,
      ...this.#done(),
      warning: this.#warning,
      ...(look && { details: { $case: "fit", value: fitProgress(look) } }),
    });
    this.tell(typedMessage("Progress", Progress.encode(message).finish()));
  }

  #done() {
    const { index, elapsedMs } = this.#look ?? { index: 0, elapsedMs: 0 };
    if (this.budget?.$case === "maxDuration") {
      const totalMs = 1000 * secondsOf(this.budget.value);
      const doneMs = Math.min(elapsedMs, totalMs);
      const seconds = (ms: number) => BigInt(Math.round(ms / 1000));
      return {
        done: seconds(doneMs),
        total: seconds(totalMs),
        unit: "seconds",
        fraction: doneMs / totalMs,
        remaining: toDuration(totalMs - doneMs),
      };
    }
    const total = this.budget?.value ?? 0;
    const left = Math.max(0, total - index);
    return {
      done: BigInt(index),
      total: BigInt(total),
      unit: "evaluations",
      fraction: total === 0 ? 0 : Math.min(1, index / total),
      ...(index > 0 && { remaining: toDuration((left * elapsedMs) / index) }),
    };
  }
}

function fitProgress({ index, best, bestValues, phase }: TakenLook) {
  return {
    evaluations: index,
    bestDistance: best,
    bestValues: bestValues.slice(0, mostValues),
    phase: phases[phase],
  };
}
