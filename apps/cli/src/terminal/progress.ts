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
/** A shorter bar tells less than the words that it takes the place of. */
const LEAST_BAR_WIDTH = 8;
/** Where a terminal does not say how wide it is. */
const USUAL_COLUMNS = 120;
/** Numbers of a fit's best crappifier: a line has room for few. */
const MOST_VALUES = 6;

export interface ProgressView {
  /** `names` are those of a fit's numbers, in the order of its ranges. */
  show(label: string, progress: Progress, names?: readonly string[]): void;
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
    show(label, progress, names) {
      const phase = `${label} ${progress.phase} ${progress.warning}`;
      const now = performance.now();
      if (phase === phaseShown && now - shownAt < PLAIN_INTERVAL_MS) return;
      const words = describe(progress, names);
      const line = label.trim() === "" ? `${label}${words}` : `${label}: ${words}`;
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
    show(label, progress, names) {
      const { warning } = progress;
      // In full, and it stays: the line would cut it off.
      if (warning !== "" && warning !== warned) stream.write(`\r\x1b[2K${waitingFor(warning)}\n`);
      warned = warning;
      stream.write(`\r\x1b[2K${lineWithin((stream.columns ?? USUAL_COLUMNS) - 1, label, progress, names)}`);
      drawn = true;
    },
    clear() {
      if (drawn) stream.write("\r\x1b[2K");
      drawn = false;
    },
  };
}

/**
 * As much as so many columns hold. What tells least goes first: the bar, the label, words that numbers explain, the last of a fit's
 * numbers, the time left.
 */
function lineWithin(columns: number, label: string, progress: Progress, names: readonly string[] | undefined): string {
  const full = describe(progress, names);
  const room = columns - `${label}    ${full}`.length;
  if (room >= LEAST_BAR_WIDTH) {
    const width = Math.min(room, BAR_WIDTH);
    const filled = Math.round(Math.min(Math.max(progress.fraction, 0), 1) * width);
    return `${label}  ${"█".repeat(filled)}${"░".repeat(width - filled)}  ${full}`;
  }
  const shorter = [`${label}  ${full}`, full, ...shortened(progress, names)];
  return shorter.find((line) => line.length <= columns) ?? shorter.at(-1)!.slice(0, columns);
}

/** Shorter and shorter. */
function* shortened(progress: Progress, names: readonly string[] | undefined): Generator<string> {
  const values = progress.details?.$case === "fit" ? progress.details.value.bestValues.length : 0;
  const most = Math.min(values, MOST_VALUES);
  const inWords = (count: number, hasTime: boolean) => words(progress, names, { count, hasTime, isShort: true });
  // One number and the time left tell less than two numbers.
  for (let count = most; count >= Math.min(most, 2); count -= 1) yield inWords(count, true);
  for (let count = most; count >= 0; count -= 1) yield inWords(count, false);
}

/** One line of words: "58 %  training  402/690 steps  loss 0.0214  47.1 samples/s  1 min 40 s left". */
export function describe(progress: Progress, names?: readonly string[]): string {
  return words(progress, names, { count: MOST_VALUES, hasTime: true, isShort: false });
}

interface Shown {
  /** So many of a fit's numbers. */
  count: number;
  hasTime: boolean;
  /** A fit's evaluations as "21/400" alone. */
  isShort: boolean;
}

function words(progress: Progress, names: readonly string[] | undefined, shown: Shown): string {
  const { fraction, phase, unit, total, done, details, warning, remaining } = progress;
  const said = [`${Math.floor(fraction * 100)} %`, phase];
  if (unit !== "") {
    const count = total > 0n ? `${done}/${total}` : `${done}`;
    const isPlain = shown.isShort && unit === "evaluations";
    said.push(isPlain ? count : `${count} ${unit}`);
  }
  if (details?.$case === "training") {
    const { loss, samplesPerSecond } = details.value;
    if (loss > 0) said.push(`loss ${loss.toPrecision(3)}`, `${samplesPerSecond.toFixed(1)} samples/s`);
  }
  if (details?.$case === "fit") said.push(...fitWords(details.value, unit, names, shown));
  if (warning !== "") said.push(waitingFor(warning));
  else if (remaining !== undefined && shown.hasTime) said.push(`${duration(Number(remaining.seconds))} left`);
  return printable(said.filter((w) => w !== "").join("  "));
}

/** "distance 1.24 at photons 98.1, read_noise 2.03, offset 0.4": the best numbers in the order of their ranges. */
function fitWords(
  { evaluations, bestDistance, bestValues }: FitProgress,
  unit: string,
  names: readonly string[] | undefined,
  { count: most, isShort }: Shown,
): string[] {
  const count = unit === "evaluations" ? [] : [counted(evaluations, "evaluation")];
  if (!(bestDistance > 0)) return count;
  const distance = `distance ${shortNumber(bestDistance)}`;
  if (most === 0) return [...count, distance];
  const values = bestValues.slice(0, most).map((value, n) => {
    const name = names?.[n];
    return name === undefined ? shortNumber(value) : `${name} ${shortNumber(value)}`;
  });
  // A line with little room cuts them off often, and another number tells more.
  if (bestValues.length > most && !isShort) values.push("…");
  return [...count, `${distance} at ${values.join(", ")}`];
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
