/**
 * Everything of ours on a NATS server, declared in one place and made (or brought up to date) by whoever comes first:
 *
 *   KV_{name}            bucket of records, subjects `$KV.{name}.>`; readable with `nats kv`
 *   {name}_jobs_{kind}   work queue of one job kind, subjects `{name}.jobs.{kind}.{job id}`, consumer `workers`
 *   {name}_events        the last event of each subject, `{name}.events.>`
 */
import {
  AckPolicy,
  type ConsumerConfig,
  DeliverPolicy,
  DiscardPolicy,
  RetentionPolicy,
  StorageType,
  type StreamConfig,
} from "@nats-io/jetstream";
import type { Abortable } from "../abortable.js";
import { maximumValueBytes } from "../state/state-store.js";
import type { NatsConnection } from "./nats-connection.js";
import { hasCode } from "./nats-error.js";
import { toTokens } from "./subjects.js";

/** Beside the payload: headers of ours and of the server's. */
const headerBytes = 4096;
const nanosPerMs = 1_000_000;
const hourMs = 3_600_000;

type Stream = Pick<StreamConfig, "name" | "subjects"> & Partial<StreamConfig>;

export function recordsBucket({ name }: NatsConnection): string {
  return name;
}

export function recordsStream(nats: NatsConnection): Stream {
  return {
    name: `KV_${recordsBucket(nats)}`,
    subjects: [`$KV.${recordsBucket(nats)}.>`],
    description: "PSSR: records. The truth; back it up together with the bucket of objects",
    retention: RetentionPolicy.Limits,
    storage: StorageType.File,
    num_replicas: nats.replicas,
    max_msgs_per_subject: 1,
    max_msg_size: maximumValueBytes + headerBytes,
    discard: DiscardPolicy.New,
    allow_rollup_hdrs: true,
    // What marks a deleted key goes away by itself.
    allow_msg_ttl: true,
    // Records are read from the leader: a replica may lag behind, and a record just written must be found.
    allow_direct: false,
  };
}

export function jobSubject(nats: NatsConnection, kind: string, jobId: string): string {
  return `${nats.name}.jobs.${toTokens(kind)}.${toTokens(jobId)}`;
}

export function jobsStream(nats: NatsConnection, kind: string): Stream {
  return {
    name: `${nats.name}_jobs_${kind.replaceAll(/[^A-Za-z0-9_-]/g, "_")}`,
    subjects: [jobSubject(nats, kind, ">")],
    description: `PSSR: ${kind} jobs that wait for a worker. Hints: the records say what there is to do`,
    retention: RetentionPolicy.Workqueue,
    storage: StorageType.File,
    num_replicas: nats.replicas,
    // A job that waits or is at work is not queued again, however late the second publish comes.
    max_msgs_per_subject: 1,
    discard: DiscardPolicy.New,
    discard_new_per_subject: true,
    max_msg_size: maximumValueBytes + headerBytes,
  };
}

/** @param visibilityMs how long a claim holds without a heartbeat */
export function jobsConsumer(visibilityMs: number): Partial<ConsumerConfig> & { durable_name: string } {
  return {
    durable_name: "workers",
    description: "PSSR: claims of workers",
    ack_policy: AckPolicy.Explicit,
    deliver_policy: DeliverPolicy.All,
    ack_wait: visibilityMs * nanosPerMs,
    // Deliveries are not counted here: the record counts crashes, and giving back is none.
    max_deliver: -1,
    max_ack_pending: 100_000,
  };
}

export function eventsRoot({ name }: NatsConnection): string {
  return `${name}.events`;
}

export function eventsStream(nats: NatsConnection): Stream {
  return {
    name: `${nats.name}_events`,
    subjects: [`${eventsRoot(nats)}.>`],
    description: "PSSR: the last event of each subject, for an hour. Hints: the records say what is true",
    retention: RetentionPolicy.Limits,
    // Lost with the server, which costs nothing: whoever follows events reads the record first.
    storage: StorageType.Memory,
    num_replicas: nats.replicas,
    max_msgs_per_subject: 1,
    max_bytes: 256 * 1024 * 1024,
    max_age: hourMs * nanosPerMs,
    discard: DiscardPolicy.Old,
    max_msg_size: maximumValueBytes + headerBytes,
  };
}

/**
 * Makes a stream, or changes what an older release made; fewer replicas it never makes (`nats stream update` does). May be
 * repeated by several processes at once.
 */
export async function declareStream(nats: NatsConnection, stream: Stream, { signal }: Abortable = {}): Promise<void> {
  const { streams } = nats.manager;
  await nats.request(
    `the declaration of stream ${stream.name}`,
    async () => {
      try {
        await streams.add(stream);
      } catch (error) {
        // It is there with other settings.
        if (!hasCode(error, "streamNameInUse")) throw error;
        const { config } = await streams.info(stream.name);
        // One process that was not told of the others' replicas must not take them away from all.
        const replicas = Math.max(config.num_replicas, stream.num_replicas ?? 1);
        await streams.update(stream.name, { ...stream, num_replicas: replicas });
      }
    },
    { signal },
  );
}

/** The same for a durable consumer. */
export async function declareConsumer(
  nats: NatsConnection,
  stream: Stream,
  consumer: Partial<ConsumerConfig> & { durable_name: string },
  { signal }: Abortable = {},
): Promise<void> {
  const { consumers } = nats.manager;
  await nats.request(
    `the declaration of the consumer of ${stream.name}`,
    async () => {
      try {
        await consumers.add(stream.name, consumer);
      } catch (error) {
        if (!hasCode(error, "consumerExists")) throw error;
        await consumers.update(stream.name, consumer.durable_name, consumer);
      }
    },
    { signal },
  );
}
