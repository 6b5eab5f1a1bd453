/** The ports that processes on many machines share: records, jobs and events on NATS JetStream, objects on S3. */
import { PssrError } from "@pssr/api";
import type { Abortable } from "../abortable.js";
import { NatsEventBus } from "../events/nats-event-bus.js";
import { NatsConnection } from "../nats/nats-connection.js";
import type { NatsConfig } from "../nats/nats-settings.js";
import { S3ObjectStore } from "../objects/s3/s3-object-store.js";
import type { S3Config } from "../objects/s3/s3-settings.js";
import { NatsWorkQueue } from "../queue/nats-work-queue.js";
import { NatsStateStore } from "../state/nats-state-store.js";
import type { OpenPorts } from "./ports.js";

/** No upload that somebody still works on is this old. */
const staleUploadMs = 24 * 3_600_000;
const sweepUploadsMs = 3_600_000;
/** The first sweep, so that processes which never live for an hour sweep too: not all of them at once. */
const firstSweepMs = 300_000;

export interface ClusterPortsOptions extends Abortable {
  /** Errors in the background, which no caller can be told. */
  report(error: unknown, doing: string): void;
  /** How long a claim holds without a heartbeat, milliseconds. Default that of `NatsWorkQueue`. */
  visibilityMs?: number;
}

/**
 * UNAVAILABLE where a server does not come within its time, INVALID_CONFIGURATION where one refuses us; then nothing stays
 * open.
 */
export async function openClusterPorts(
  config: NatsConfig & S3Config,
  { report, signal, visibilityMs }: ClusterPortsOptions,
): Promise<OpenPorts> {
  const { natsUrl } = config;
  if (natsUrl === undefined) throw new PssrError("INTERNAL", "the ports of a cluster need a NATS server");
  const closing: (() => Promise<void> | void)[] = [];
  // In the order in which one stands on the other.
  const close = async (): Promise<void> => {
    for (const end of closing.toReversed()) await end();
  };
  try {
    const objects = await S3ObjectStore.open(config, { signal });
    closing.push(() => objects.close());
    closing.push(sweepUploads(objects, report));
    const nats = await NatsConnection.open({ ...config, natsUrl }, { report, signal });
    closing.push(() => nats.close());
    const state = await NatsStateStore.open(nats, { report, signal });
    closing.push(() => state.close());
    const queue = new NatsWorkQueue(nats, { report, ...(visibilityMs === undefined ? {} : { visibilityMs }) });
    closing.push(() => queue.close());
    const events = await NatsEventBus.open(nats, { report, signal });
    closing.push(() => events.close());
    return { ports: { state, objects, queue, events }, exclusive: false, beyondRepair: nats.beyondRepair, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Removes what uploads of dead processes left half-done, now and then; returns what ends that. */
function sweepUploads(objects: S3ObjectStore, report: ClusterPortsOptions["report"]): () => Promise<void> {
  const stop = new AbortController();
  let sweep: Promise<void> = Promise.resolve();
  const sweepNow = (): void => {
    sweep = objects.removeStaleUploads(staleUploadMs, { signal: stop.signal }).then(
      () => undefined,
      (error: unknown) => {
        if (!stop.signal.aborted) report(error, "removing unfinished uploads");
      },
    );
  };
  const first = setTimeout(sweepNow, firstSweepMs * (0.2 + 0.8 * Math.random())).unref();
  const further = setInterval(sweepNow, sweepUploadsMs).unref();
  return async () => {
    clearTimeout(first);
    clearInterval(further);
    stop.abort();
    await sweep;
  };
}
