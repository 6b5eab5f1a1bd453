/** What a faulty writer tells of its work. */
export interface WriterReport {
  /** Runs in which a call failed. */
  faults: number;
  /** How often a step was refused, by the call that failed and the reason that was given. */
  refusals: Record<string, number>;
  /** Temporary files that were left after the folder was opened again. */
  temporary: number;
  /** Open handles after each run. */
  handles: number[];
}
