/** What a mortal process is told to do, what it reports, and what its job makes. */
import type { Kill } from "./killing-ports.js";

export interface Task {
  directory: string;
  kill: Kill;
  /** "make" writes two objects with a checkpoint between; "die" kills its process; "die-after-checkpoint" so too, four times. */
  job: "make" | "die" | "die-after-checkpoint";
}

export interface Report {
  /** In words, in order. */
  writes: string[];
  state: string;
  attempt: number;
  reason?: string | undefined;
  message?: string | undefined;
}

/** The contents of the two objects. */
export const parts = [new Uint8Array(300_000).fill(1), new Uint8Array(10).fill(2)] as const;
