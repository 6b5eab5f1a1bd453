/**
 * The metrics of this process: one registry, however many services run in it. Labels are bounded: no name that a caller chooses
 * is one. docs/telemetry.md lists all of them; a test keeps it so.
 */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";

export const registry = new Registry();

/** Seconds, from a small call to one at its deadline. */
export const callBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];
/** Seconds, from a moment to a working day. */
export const jobBuckets = [0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 1800, 3600, 7200, 14_400, 28_800];

/**
 * @param fromStart Series that are there with 0 before anything is counted: `increase()` takes the first value of a series for
 * its beginning and would miss a first error. Name those that alerts look at.
 */
export function counter<Label extends string>(
  name: string,
  help: string,
  labels: readonly Label[] = [],
  fromStart: readonly Readonly<Record<Label, string>>[] = [],
) {
  const made = new Counter<Label>({ name, help, labelNames: labels, registers: [registry] });
  for (const series of fromStart) made.inc({ ...series }, 0);
  return made;
}

/** @param collect Sets its values when it is asked for. */
export function gauge<Label extends string>(
  name: string,
  help: string,
  labels: readonly Label[] = [],
  collect?: (gauge: Gauge<Label>) => void,
) {
  const own = collect === undefined ? {} : { collect: () => collect(made) };
  const made: Gauge<Label> = new Gauge<Label>({ name, help, labelNames: labels, registers: [registry], ...own });
  return made;
}

export function histogram<Label extends string>(
  name: string,
  help: string,
  buckets: readonly number[],
  labels: readonly Label[] = [],
) {
  return new Histogram<Label>({ name, help, labelNames: labels, buckets: [...buckets], registers: [registry] });
}

let collecting = false;

/** Those of any Node process: memory, processor time, garbage collection, delay of the event loop. They cost a little. */
export function collectProcessMetrics(): void {
  if (collecting) return;
  collecting = true;
  collectDefaultMetrics({ register: registry });
}
