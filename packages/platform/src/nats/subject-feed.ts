/**
 * The last message of each subject of a stream, then every further one, for as long as all is well. When the connection
 * breaks, a message is missing, or the server that keeps the place falls silent, the feed ends with UNAVAILABLE, and whoever
 * reads it begins anew: so nothing is missed, even where the stream was lost meanwhile.
 */
import { randomUUID } from "node:crypto";
import { AckPolicy, type ConsumerMessages, DeliverPolicy, type JsMsg } from "@nats-io/jetstream";
import { createInbox } from "@nats-io/transport-node";
import { PssrError } from "@pssr/api";
import type { Abortable } from "../abortable.js";
import type { NatsConnection } from "./nats-connection.js";

/** The server shows as often that it still follows for us; after two that did not come it counts as lost. */
const heartbeatMs = 2_000;
/** The server forgets what nobody listens to after so long. */
const inactiveMs = 30_000;
const nanosPerMs = 1_000_000;

export interface SubjectFeedOptions extends Abortable {
  stream: string;
  /** Which subjects, with wildcards. */
  subject: string;
  /** Without payloads. Default false. */
  headersOnly?: boolean;
  /** Called for each message, in the order of the stream. */
  onMessage(message: JsMsg): void;
  /** Called once everything that was there has been told. */
  onCurrent(): void;
}

/** Runs until it fails: with UNAVAILABLE, or with the signal's reason. */
export async function followSubjects(nats: NatsConnection, options: SubjectFeedOptions): Promise<never> {
  const { stream, subject, headersOnly = false, onMessage, onCurrent, signal } = options;
  const broken = await nats.standing({ signal });
  const name = `feed-${randomUUID()}`;
  const listening = {
    deliver_subject: createInbox(),
    idle_heartbeat: heartbeatMs * nanosPerMs,
    flow_control: true,
  };
  let current = false;
  const becomeCurrent = (): void => {
    if (current) return;
    current = true;
    onCurrent();
  };
  let delivered = 0;
  // The ordered consumer of the client would go on by itself, but notices a silent server after a minute and a half only.
  const consumer = await nats.jetstream.consumers.getBoundPushConsumer(listening);
  const messages = await consumer.consume({
    callback(message) {
      delivered += 1;
      if (message.info.deliverySequence !== delivered) return messages.stop();
      onMessage(message);
      if (message.info.pending === 0) becomeCurrent();
    },
  });
  const stop = (): void => messages.stop();
  void stopWhenSilent(messages);
  for (const end of [broken, signal]) {
    if (end?.aborted) stop();
    else end?.addEventListener("abort", stop, { once: true });
  }
  try {
    const { num_pending: present } = await nats.request(
      `following ${subject}`,
      () =>
        nats.manager.consumers.add(stream, {
          ...listening,
          name,
          description: "PSSR: a process that follows",
          deliver_policy: DeliverPolicy.LastPerSubject,
          ack_policy: AckPolicy.None,
          filter_subject: subject,
          headers_only: headersOnly,
          inactive_threshold: inactiveMs * nanosPerMs,
          mem_storage: true,
          num_replicas: 1,
        }),
      { signal },
    );
    if (present === 0) becomeCurrent();
    const error = await messages.closed();
    signal?.throwIfAborted();
    throw new PssrError("UNAVAILABLE", `following ${subject} on NATS was cut off; it begins anew`, { cause: error });
  } finally {
    stop();
    broken.removeEventListener("abort", stop);
    signal?.removeEventListener("abort", stop);
    // The server forgets it by itself after a while; where it can be told, at once.
    if (nats.connected) nats.manager.consumers.delete(stream, name).catch(() => false);
  }
}

async function stopWhenSilent(messages: ConsumerMessages): Promise<void> {
  for await (const { type } of messages.status()) {
    if (type === "heartbeats_missed" || type === "consumer_deleted") messages.stop();
  }
}
