/** What the pool and its worker threads say to each other. A worker has at most one request under way. */
import type { Reason } from "@pssr/api";

export interface RunRequest {
  readonly kind: "run";
  readonly digest: string;
  /** The ONNX file, when the worker does not hold the model yet. */
  readonly model?: Uint8Array;
  /** Models to let go of first. */
  readonly evict: readonly string[];
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

export interface CloseRequest {
  readonly kind: "close";
}

export type Request = RunRequest | CloseRequest;

export interface Result {
  readonly kind: "result";
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

export interface Failure {
  readonly kind: "failure";
  readonly reason: Reason;
  readonly message: string;
  /** Whether the worker holds the model all the same. */
  readonly modelHeld: boolean;
}

export type Response = Result | Failure;

/** What networks run on: the processor, or an NVIDIA GPU. */
export const inferenceProviders = ["cpu", "cuda"] as const;
export type InferenceProvider = (typeof inferenceProviders)[number];

export interface WorkerSettings {
  readonly threads: number;
  readonly provider: InferenceProvider;
}
