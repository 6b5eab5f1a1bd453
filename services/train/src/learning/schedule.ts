/**
 * How the learning rate runs: a linear warm-up, then half a cosine down to a last share (Loshchilov and Hutter 2017,
 * "SGDR", eq. 5 without restarts), over a budget of steps or of time. It is a function of where the training stands, so
 * a resumed training continues the same curve.
 */
import { PssrError } from "@pssr/api";

export interface ScheduleSpec {
  /** Largest learning rate, reached after the warm-up. */
  readonly learningRate: number;
  /** Steps of the warm-up. */
  readonly warmupSteps: number;
  /** Share of `learningRate` that is left at the end, 0 … 1. */
  readonly finalShare: number;
  /** The training ends at whichever is given; of both, at the first to be reached. */
  readonly budget: { readonly steps?: number; readonly seconds?: number };
}

/** Where a training stands: steps done, and seconds spent over all attempts. */
export interface TrainingPosition {
  readonly step: number;
  readonly elapsedSeconds: number;
}

/** Throws `INVALID_FIELD` for a schedule that has no end or goes nowhere. */
export function checkSchedule({ learningRate, warmupSteps, finalShare, budget }: ScheduleSpec): void {
  const { steps, seconds } = budget;
  if (!(learningRate > 0 && learningRate <= 1)) {
    throw invalid("learning_rate", `${learningRate} is out of range; use a number above 0 and up to 1`);
  }
  if (!Number.isInteger(warmupSteps) || warmupSteps < 0) {
    throw invalid("warmup_steps", `${warmupSteps} is no whole number from 0 on`);
  }
  if (!(finalShare >= 0 && finalShare <= 1)) {
    throw invalid("final_share", `${finalShare} is out of range; use 0 to 1`);
  }
  if (steps === undefined && seconds === undefined) {
    throw invalid("budget", "a training needs an end: give a number of steps or of seconds");
  }
  if (steps !== undefined && !(Number.isInteger(steps) && steps > 0)) {
    throw invalid("budget.steps", `${steps} is no whole number from 1 on`);
  }
  if (seconds !== undefined && !(Number.isFinite(seconds) && seconds > 0)) {
    throw invalid("budget.seconds", `${seconds} is no time above 0`);
  }
}

/** How much of the budget is used, 0 … 1; 1 means the training has ended. */
export function progress({ budget }: ScheduleSpec, { step, elapsedSeconds }: TrainingPosition): number {
  const ofSteps = budget.steps === undefined ? 0 : step / budget.steps;
  const ofTime = budget.seconds === undefined ? 0 : elapsedSeconds / budget.seconds;
  return Math.min(1, Math.max(ofSteps, ofTime));
}

/** The learning rate of the step that comes next. */
export function learningRateAt(schedule: ScheduleSpec, position: TrainingPosition): number {
  const { learningRate, warmupSteps, finalShare } = schedule;
  const warmup = Math.min(1, (position.step + 1) / (warmupSteps + 1));
  const cosine = (1 + Math.cos(Math.PI * progress(schedule, position))) / 2;
  return learningRate * warmup * (finalShare + (1 - finalShare) * cosine);
}

function invalid(field: string, problem: string): PssrError {
  return new PssrError("INVALID_FIELD", `${field}: ${problem}`, { field });
}
