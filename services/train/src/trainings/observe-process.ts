/** A training process as its span and its metrics see it. It sends none of its own: what it tells is counted here. */
import { counter, formatTraceparent, inSpan } from "@pssr/platform";
import type { StepNews } from "../process/messages.js";

const stepsTotal = counter("pssr_training_steps_total", "Steps of trainings");
const samplesTotal = counter("pssr_training_samples_total", "Tiles learnt from, each as often as it was");
const waitTotal = counter("pssr_training_wait_seconds_total", "Time that trainings waited for data to learn from");

export interface ObservedProcess {
  /** The span that the process' calls belong to. */
  readonly traceparent: string;
  step(news: StepNews): void;
  checkpoint(step: number): void;
}

export interface ProcessFacts {
  fromStep: number;
  /** Tiles of one step. */
  batchSize: number;
}

/** Runs `run`, which starts one process and follows it to its end. */
export function observeProcess<T>(
  { fromStep, batchSize }: ProcessFacts,
  run: (observed: ObservedProcess) => Promise<T>,
): Promise<T> {
  return inSpan("training process", { attributes: { "pssr.from_step": fromStep } }, async (span) => {
    let last = fromStep;
    let waited = 0;
    try {
      return await run({
        traceparent: formatTraceparent(span.trace),
        step({ step, waitSeconds }) {
          stepsTotal.inc();
          samplesTotal.inc(batchSize);
          waitTotal.inc(Math.max(0, waitSeconds - waited));
          waited = waitSeconds;
          last = step;
        },
        checkpoint: (step) => span.event("checkpoint", { "pssr.step": step }),
      });
    } finally {
      span.set({ "pssr.step": last });
    }
  });
}
