/** What the driver of a soak and its workers say to each other over IPC. */
import type { NatsConfig, S3Config } from "@pssr/platform";
import type { Kill } from "../operations/killing-ports.js";
import type { SoakRequest } from "./soak-request.js";

/** Short, so that a job whose worker is gone goes on soon; a heartbeat is a fifth of it. */
export const leaseMs = 500;

/** In which a worker that was asked to stop gives its jobs back. */
export const stopGraceMs = 1_000;

export interface Orders {
  cluster: NatsConfig & S3Config;
  concurrency: number;
  /** Where it ends itself; absent where it waits for that. */
  kill?: Kill | undefined;
}

export type Call =
  | { type: "submit"; request: SoakRequest }
  | { type: "cancel"; name: string }
  /** Let the kill that was ordered be. */
  | { type: "spare" }
  | { type: "measure" };

export interface Measurement {
  /** After a garbage collection. */
  heapBytes: number;
  openFiles: number;
}

export type ToWorker = { type: "begin"; orders: Orders } | { type: "call"; id: number; call: Call };

export type FromWorker =
  /** Sent before it claims anything. */
  | { type: "claimant"; claimant: string }
  | { type: "ready" }
  | { type: "answer"; id: number; value: unknown }
  | { type: "refusal"; id: number; reason: string; message: string }
  /** For so long it could not show that it lives, although nobody had done anything to it. */
  | { type: "stalled"; fromMs: number; toMs: number; why: string }
  /** An error that has no reason of ours. */
  | { type: "untyped"; error: string };
