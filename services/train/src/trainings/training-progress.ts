/** What a watcher sees of a training: made of what its process tells after each step. */
import type { Progress, Training } from "@pssr/api";
import type { StepNews } from "../process/messages.js";
import type { CheckpointReference } from "./checkpoints.js";

/** One step's loss is noise; so many are averaged. */
const AVERAGED_STEPS = 20;

export class TrainingProgress {
  readonly #budget: NonNullable<Training["learning"]>["budget"];
  /** Seconds that processes before this one have spent. */
  readonly #earlierSeconds: number;
  readonly #recent: number[] = [];
  checkpointStep: number;

  /** @param from Where the process began. */
  constructor(training: Training, from?: CheckpointReference) {
    this.#budget = training.learning!.budget;
    this.#earlierSeconds = from?.elapsedSeconds ?? 0;
    this.checkpointStep = from?.step ?? 0;
  }

  after(news: StepNews): Partial<Progress> {
    this.#recent.push(news.loss);
    if (this.#recent.length > AVERAGED_STEPS) this.#recent.shift();
    const remainingSeconds = (news.elapsedSeconds / news.progress) * (1 - news.progress);
    const seconds = news.elapsedSeconds - this.#earlierSeconds;
    return {
      phase: "training",
      done: BigInt(news.step),
      total: this.#budget?.$case === "maxSteps" ? this.#budget.value : 0n,
      unit: "steps",
      fraction: news.progress,
      remaining: { seconds: BigInt(Math.round(remainingSeconds)), nanos: 0 },
      details: {
        $case: "training",
        value: {
          loss: this.#recent.reduce((sum, loss) => sum + loss, 0) / this.#recent.length,
          samplesPerSecond: news.samplesPerSecond,
          learningRate: news.learningRate,
          trainingSeconds: news.elapsedSeconds,
          waitFraction: seconds > 0 ? Math.min(1, news.waitSeconds / seconds) : 0,
          checkpointStep: BigInt(this.checkpointStep),
        },
      },
    };
  }
}
