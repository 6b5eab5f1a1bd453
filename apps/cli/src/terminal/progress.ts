/**
 * Shows how far work is: one line that is drawn over on a terminal; otherwise a plain line for each phase, and more of them
 * now and then in a long one.
 *
 *     training  ███████░░░░░  58 %  step 402/690  loss 0.0214  47.1 samples/s  1 min 40 s left
 */
import type { FitProgress, Progress } from "@pssr/api";
import { printable } from "@pssr/platform/process-end";
import { counted } from "./counted.js";
import { shortNumber } from "./short-number.js";

/** Between two plain lines of one phase. */
const PLAIN_INTERVAL_MS = 10_000;
const BAR_WIDTH = 24;
/** Numbers of a fit's best crappifier: a line has room for few. */
const MOST_VALUES = 6;

export interface ProgressView {
  show(label: string, progress: Progress): void;
  /** Takes the line away, so that something else can be printed. */
  clear(): void;
}

/** What is written to; a terminal says that it is one, and how wide. */
type Target = NodeJS.WritableStream & Partial<Pick<NodeJS.WriteStream, "isTTY" | "columns">>;

/** A view on `stream`; a silent one shows nothing. */
export function progressLine(stream: Target, silent: boolean): ProgressView {
  if (silent) return { show() {}, clear() {} };
  if (stream.isTTY) return drawnOver(stream);
  return plainLines(stream);
}

function plainLines(stream: Target): ProgressView {
  let shownAt = Number.NEGATIVE_INFINITY;
  let phaseShown = "";
  let lineShown = "";
  return {
    show(label, progress) {
      const phase = `${label} ${progress.phase} ${progress.warning}`;
      const now = performance.now();
      if (phase === phaseShown && now - shownAt < PLAIN_INTERVAL_MS) return;
      const line = label.trim() === "" ? `${label}${describe(progress)}` : `${label}: ${describe(progress)}`;
      // An operation tells the same progress again when its state changes.
      if (line === lineShown) return;
      shownAt = now;
      phaseShown = phase;
      lineShown = line;
      stream.write(`${line}\n`);
    },
    clear() {},
  };
}

function drawnOver(stream: Target): ProgressView {
  let drawn = false;
  let warned = "";
  return {
    show(label, progress) {
      const filled = Math.round(Math.min(Math.max(progress.fraction, 0), 1) * BAR_WIDTH);
      const line = `${label}  ${"█".repeat(filled)}${"░".repeat(BAR_WIDTH - filled)}  ${describe(progress)}`;
      const { warning } = progress;
      // In full, and it stays: the line would cut it off.
      if (warning !== "" && warning !== warned) stream.write(`\r\x1b[2K${waitingFor(warning)}\n`);
      warned = warning;
      stream.write(`\r\x1b[2K${line.slice(0, (stream.columns ?? 120) - 1)}`);
      drawn = true;
    },
    clear() {
      if (drawn) stream.write("\r\x1b[2K");
      drawn = false;
    },
  };
}

/** One line of words: "58 %  training  402/690 steps  loss 0.0214  47.1 samples/s  1 min 40 s left". */
export function describe(progress: Progress): string {
  const words = [`${Math.floor(progress.fraction * 100)} %`, progress.phase];
  if (progress.unit !== "")
    words.push(
      progress.total > 0n ? `${progress.done}/${progress.total} ${progress.unit}` : `${progress.done} ${progress.unit}`,
    );
  if (progress.details?.$case === "training") {
    const { loss, samplesPerSecond } = progress.details.value;
    if (loss > 0) words.push(`loss ${loss.toPrecision(3)}`, `${samplesPerSecond.toFixed(1)} samples/s`);
  }
  if (progress.details?.$case === "fit") words.push(...fitWords(progress.details.value, progress.unit));
  if (progress.warning !== "") words.push(waitingFor(progress.warning));
  else if (progress.remaining !== undefined) words.push(`${duration(Number(progress.remaining.seconds))} left`);
  return printable(words.filter((w) => w !== "").join("  "));
}

/** "distance 1.24 at 98.1, 2.03, 0.4": the best numbers in the order of their ranges. */
function fitWords({ evaluations, bestDistance, bestValues }: FitProgress, unit: string): string[] {
  const count = unit === "evaluations" ? [] : [counted(evaluations, "evaluation")];
  if (!(bestDistance > 0)) return count;
  const values = bestValues.slice(0, MOST_VALUES).map(shortNumber);
  if (bestValues.length > MOST_VALUES) values.push("…");
  return [...count, `distance ${shortNumber(bestDistance)} at ${values.join(", ")}`];
}

function waitingFor(warning: string): string {
  return printable(`waiting: ${warning}`);
}

/** "45 s", "3 min 20 s", "2 h 5 min". */
export function duration(seconds: number): string {
  const s = Math.max(0, Math.round(seconds));
  if (s < 60) return `${s} s`;
  if (s < 3600) return `${Math.floor(s / 60)} min ${s % 60} s`;
  return `${Math.floor(s / 3600)} h ${Math.floor((s % 3600) / 60)} min`;
}
