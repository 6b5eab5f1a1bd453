/** Axes: which numbers they reach over, where a number lies on them, and the round numbers that are written beside them. */
import { tickText } from "./number-text.js";

export interface Tick {
  readonly value: number;
  readonly label: string;
}

export interface Axis {
  readonly low: number;
  readonly high: number;
  readonly ticks: readonly Tick[];
  /** Where a number lies: 0 at `low`, 1 at `high`; undefined where it cannot be shown. */
  place(value: number): number | undefined;
}

/** An axis that reaches no further than this, relative to its numbers, would show nothing but their rounding. */
const LEAST_SPAN = 1e-2;
/** Nothing that is measured is that small or great; numbers beyond are not shown. */
const SMALLEST = 1e-12;
const GREATEST = 1e30;

/**
 * Reaches over all of the values that are numbers, and a little further; undefined if there are none.
 * @param most Ticks, about.
 */
export function linearAxis(
  values: readonly number[],
  { most, withZero = false }: { most: number; withZero?: boolean },
): Axis | undefined {
  const [least, greatest] = extent(withZero ? [0, ...values] : values);
  if (least > greatest || !values.some(isShown)) return undefined;
  const span = greatest - least;
  const magnitude = Math.max(Math.abs(least), Math.abs(greatest));
  const needed = magnitude < SMALLEST ? 1 : LEAST_SPAN * magnitude;
  const margin = span < needed ? needed / 2 : 0.04 * span;
  const low = withZero && least === 0 ? 0 : least - margin;
  const high = withZero && greatest === 0 && span >= needed ? 0 : greatest + margin;
  return { low, high, ticks: linearTicks(low, high, most), place: placed(low, high, (value) => value) };
}

/**
 * The same of the logarithms, over the values above 0.
 * @param decades At most so many below the greatest value; `atLeast` so many altogether.
 */
export function logAxis(
  values: readonly number[],
  { most, decades = 12, atLeast = 0 }: { most: number; decades?: number; atLeast?: number },
): Axis | undefined {
  const [least, greatest] = extent(values.filter((value) => value >= SMALLEST)).map(Math.log10) as [number, number];
  if (!Number.isFinite(greatest - least)) return undefined;
  const bottom = Math.max(least, greatest - decades);
  const margin = Math.max(0.05 * (greatest - bottom), (atLeast - (greatest - bottom)) / 2, 0.04);
  const [low, high] = [10 ** (bottom - margin), 10 ** (greatest + margin)];
  const position = placed(bottom - margin, greatest + margin, Math.log10);
  return { low, high, ticks: logTicks(low, high, most), place: (value) => (value > 0 ? position(value) : undefined) };
}

/** Multiples of 1, 2 or 5 times a power of ten, about `most` of them. */
export function linearTicks(low: number, high: number, most: number): Tick[] {
  const step = roundStep((high - low) / Math.max(1, most));
  const ticks: Tick[] = [];
  for (let n = Math.ceil(low / step - 1e-9); n * step <= high + 1e-9 * step; n++) {
    ticks.push({ value: n * step, label: tickText(n * step, step) });
  }
  return ticks;
}

/** Powers of ten; within less than two of them 1, 2 and 5 times them; within a part of one evenly spaced numbers. */
export function logTicks(low: number, high: number, most: number): Tick[] {
  const [first, last] = [Math.floor(Math.log10(low)), Math.ceil(Math.log10(high))];
  const each = Math.max(1, Math.ceil((Math.log10(high) - Math.log10(low)) / most));
  for (const factors of [[1], [1, 2, 5]]) {
    const ticks: Tick[] = [];
    for (let decade = first; decade <= last; decade++) {
      if (factors.length === 1 && decade % each !== 0) continue;
      for (const factor of factors) {
        const value = Number(`${factor}e${decade}`);
        if (value >= low && value <= high) ticks.push({ value, label: tickText(value, 10 ** decade) });
      }
    }
    if (ticks.length >= 3) return ticks.length <= 2 * most ? ticks : ticks.filter((_, n) => n % 2 === 0);
  }
  return linearTicks(low, high, most);
}

/** The one that differs least by its ratio. */
function roundStep(step: number): number {
  const power = 10 ** Math.floor(Math.log10(step));
  return power * ([1, 2, 5].find((factor, n) => step / power < Math.sqrt(factor * [2, 5, 10][n]!)) ?? 10);
}

function placed(low: number, high: number, of: (value: number) => number) {
  return (value: number) => {
    const place = (of(value) - low) / (high - low);
    return place >= -1e-9 && place <= 1 + 1e-9 ? place : undefined;
  };
}

function isShown(value: number): boolean {
  return Math.abs(value) <= GREATEST;
}

/** The least and the greatest of the values that can be shown: ∞ and −∞ if there are none. */
function extent(values: readonly number[]): [least: number, greatest: number] {
  let [least, greatest] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of values) {
    if (!isShown(value)) continue;
    least = Math.min(least, value);
    greatest = Math.max(greatest, value);
  }
  return [least, greatest];
}
