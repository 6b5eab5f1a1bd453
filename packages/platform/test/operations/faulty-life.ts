/** What an installation on a failing disk is told to do, and what it tells of that. */
import type { Fault } from "../files/faulty-disk.js";

export interface FaultyTask {
  call: Fault["call"];
  /** "pass": one call fails. "outage": all fail, until the disk is mended. "shutdown": the process is told to stop before that. */
  disk: "pass" | "outage" | "shutdown";
}

export interface FaultyLife {
  /** Of the data directory. */
  directory: string;
  /** What happened, in words. */
  at: string;
  /** Reason of the refusal, where the submit was refused. */
  refusal?: string | undefined;
  /** How the operation ended as far as this process saw it. */
  state?: string | undefined;
  /** Errors without a type that were told to a caller or reported. */
  untyped: string[];
}

export interface FaultyReport {
  lives: FaultyLife[];
  /** Open handles after each life. */
  handles: number[];
}

export const request = { kind: "thing", project: "p1", principal: "ann", requestId: "the-one" };
