/**
 * Callers that never stop: one for each service, a short call after the other, as any client of any language makes them. It
 * sends nothing again by itself, so every call that the installation drops is counted.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { ChannelCredentials } from "@grpc/grpc-js";
import {
  FitServiceDefinition,
  ImageServiceDefinition,
  OperationsDefinition,
  PredictionServiceDefinition,
  TrainingServiceDefinition,
} from "@pssr/api";
import { type CallOptions, createChannel, createClient, Metadata } from "nice-grpc";
import type { Door } from "./door.js";

const pauseMs = 50;
const deadlineMs = 20_000;

export interface CallReport {
  /** By service. */
  calls: Record<string, number>;
  failures: { service: string; at: string; error: string }[];
  longestMs: number;
}

export class UnaryCallers {
  #report: CallReport = { calls: {}, failures: [], longestMs: 0 };
  readonly #stop = new AbortController();
  readonly #callers: Promise<void>[];

  constructor(door: Door, project: string) {
    const parent = `projects/${project}`;
    const metadata = Metadata({ authorization: `Bearer ${door.token}` });
    const open = () => createChannel(door.address, ChannelCredentials.createInsecure());
    const images = createClient(ImageServiceDefinition, open());
    const trainings = createClient(TrainingServiceDefinition, open());
    const predictions = createClient(PredictionServiceDefinition, open());
    const fits = createClient(FitServiceDefinition, open());
    const operations = createClient(OperationsDefinition, open());
    const calls: Record<string, (options: CallOptions) => Promise<unknown>> = {
      crappify: (options) => images.listImages({ parent }, options),
      train: (options) => trainings.listTrainings({ parent }, options),
      predict: (options) => predictions.listPredictions({ parent }, options),
      optimize: (options) => fits.listFits({ parent }, options),
      gateway: (options) => operations.listOperations({ name: parent }, options),
    };
    this.#callers = Object.entries(calls).map(([service, call]) =>
      this.#keepCalling(service, (signal) => call({ metadata, signal })),
    );
  }

  /** What was counted since the last time. */
  take(): CallReport {
    const taken = this.#report;
    this.#report = { calls: {}, failures: [], longestMs: 0 };
    return taken;
  }

  /** Ends the calls; again, it changes nothing. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await Promise.all(this.#callers);
  }

  async #keepCalling(service: string, call: (signal: AbortSignal) => Promise<unknown>): Promise<void> {
    while (!this.#stop.signal.aborted) {
      const begun = performance.now();
      try {
        await call(AbortSignal.timeout(deadlineMs));
      } catch (error) {
        this.#report.failures.push({ service, at: new Date().toISOString(), error: String(error) });
      }
      const ms = Math.round(performance.now() - begun);
      const { calls, longestMs } = this.#report;
      calls[service] = (calls[service] ?? 0) + 1;
      this.#report.longestMs = Math.max(longestMs, ms);
      await sleep(pauseMs);
    }
  }
}
