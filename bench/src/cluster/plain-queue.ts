/** A queue as one makes it with the plain client, its stream like ours: the peer of hand-over. */
import {
  AckPolicy,
  type Consumer,
  DiscardPolicy,
  jetstream,
  jetstreamManager,
  RetentionPolicy,
  StorageType,
} from "@nats-io/jetstream";
import type { NatsConnection } from "@nats-io/transport-node";

const stream = "plain_jobs";
const consumer = "workers";

/** Makes it; gives what publishes into it. */
export async function makePlainQueue(
  nats: NatsConnection,
): Promise<(id: string, payload: Uint8Array) => Promise<unknown>> {
  const manager = await jetstreamManager(nats);
  await manager.streams.add({
    name: stream,
    subjects: [`${stream}.>`],
    retention: RetentionPolicy.Workqueue,
    storage: StorageType.File,
    max_msgs_per_subject: 1,
    discard: DiscardPolicy.New,
    discard_new_per_subject: true,
  });
  await manager.consumers.add(stream, { durable_name: consumer, ack_policy: AckPolicy.Explicit });
  const plain = jetstream(nats);
  return (id, payload) => plain.publish(`${stream}.${id}`, payload);
}

export async function plainConsumer(nats: NatsConnection): Promise<Consumer> {
  return jetstream(nats).consumers.get(stream, consumer);
}
