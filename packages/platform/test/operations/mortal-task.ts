/** What a mortal process is told to do, what it reports, and what its job makes. */
import type { NatsConfig, S3Config } from "@pssr/platform";
import type { Kill } from "./killing-ports.js";

export interface Task {
  /** A data directory, or the servers of a cluster, which the next process finds as this one left them. */
  ground: { directory: string } | { cluster: NatsConfig & S3Config };
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
export type Parts = readonly [Uint8Array, Uint8Array];

export const parts: Parts = [new Uint8Array(300_000).fill(1), new Uint8Array(10).fill(2)];

/** In a cluster: the first is sent to S3 in two parts, and its last piece comes when one of them is on its way. */
export const clusterParts: Parts = [new Uint8Array(7 * 2 ** 20).fill(1), parts[1]];
