/** What the service and its training process say to each other. Plain data: it is cloned between processes. */
import type { Reason } from "@pssr/api";
import type { GrpcLimits, TlsFiles } from "@pssr/platform";
import type { LearningSpec } from "../learning/trainer.js";
import type { Quality } from "../learning/validation.js";

/** Where a service is called, and how. */
export interface PeerConnection {
  readonly address: string;
  readonly limits: GrpcLimits;
  readonly tls?: TlsFiles | undefined;
}

/** All that a training process needs to know; it holds no credential but the tokens that it asks for, and what the files of `tls` hold. */
export interface ProcessSpec {
  readonly learning: LearningSpec;
  /** Bytes of pssr.v1.Training, with everything resolved. */
  readonly training: Uint8Array;
  readonly crappify: PeerConnection;
  /** A folder of this process alone; the service removes it. */
  readonly scratch: string;
  /** A checkpoint file in it to go on from. */
  readonly checkpoint?: string;
  readonly validationTiles: number;
  readonly checkpointSeconds: number;
  /** The span that its calls belong to, as W3C Trace Context has it. */
  readonly traceparent?: string;
}

export type ToProcess =
  | { kind: "start"; spec: ProcessSpec }
  | { kind: "token"; id: number; token: string }
  /** Stop after the step under way, with a checkpoint of it. */
  | { kind: "stop" };

export interface StepNews {
  readonly step: number;
  readonly loss: number;
  readonly learningRate: number;
  /** Share of the budget used, 0 … 1. */
  readonly progress: number;
  readonly samplesPerSecond: number;
  readonly elapsedSeconds: number;
  /** Of this attempt. */
  readonly waitSeconds: number;
}

/** Quality on the tiles held back, as report.json has it. */
export interface Report {
  readonly schemaVersion: 1;
  readonly tiles: number;
  readonly model: Quality;
  readonly bilinear: Quality;
  readonly steps: number;
  readonly trainingSeconds: number;
}

export type FromProcess =
  | { kind: "token"; id: number }
  | ({ kind: "step" } & StepNews)
  /** What keeps pairs from coming, in words; absent: they come again. */
  | { kind: "waiting"; problem?: string }
  | { kind: "validating" }
  | { kind: "checkpoint"; step: number; elapsedSeconds: number; file: string }
  /** The last word: names of the model version's files, all in `scratch`. */
  | { kind: "finished"; step: number; elapsedSeconds: number; files: string[] }
  | { kind: "failed"; reason: Reason; message: string; field?: string; metadata: Record<string, string> };
