/**
 * The last message of each subject of a stream, then every further one, over one connection: when that breaks the feed
 * ends with UNAVAILABLE, and whoever reads it begins anew. So nothing is missed, even where the stream was lost meanwhile.
 */
import { type ConsumerMessages, DeliverPolicy, type JsMsg } from "@nats-io/jetstream";
import { PssrError } from "@pssr/api";
import type { Abortable } from "../abortable.js";
import type { NatsConnection } from "./nats-connection.js";

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
  const consumer = await nats.request(
    `following ${subject}`,
    () =>
      nats.jetstream.consumers.getPushConsumer(stream, {
        deliver_policy: DeliverPolicy.LastPerSubject,
        filter_subjects: subject,
        headers_only: headersOnly,
      }),
    { signal },
  );
  let current = false;
  const becomeCurrent = (): void => {
    if (current) return;
    current = true;
    onCurrent();
  };
  const { num_pending: present } = await consumer.info(true);
  if (present === 0) becomeCurrent();
  const messages = await consumer.consume({
    callback(message) {
      onMessage(message);
      if (message.info.pending === 0) becomeCurrent();
    },
  });
  const stop = (): void => messages.stop();
  void stopWhenLost(messages);
  for (const end of [broken, signal]) {
    if (end?.aborted) stop();
    else end?.addEventListener("abort", stop, { once: true });
  }
  try {
    const error = await messages.closed();
    signal?.throwIfAborted();
    throw new PssrError("UNAVAILABLE", `following ${subject} on NATS was cut off; it begins anew`, { cause: error });
  } finally {
    broken.removeEventListener("abort", stop);
    signal?.removeEventListener("abort", stop);
    // The server forgets it by itself after a while; where it can be told, at once.
    if (nats.connected) await consumer.delete().catch(() => false);
  }
}

/**
 * The client would go on by itself from the number it has reached, in whatever stream there is by then. A stream that was
 * deleted and made anew begins at 1, so we rather begin anew as well.
 */
async function stopWhenLost(messages: ConsumerMessages): Promise<void> {
  const lost = new Set(["heartbeats_missed", "consumer_deleted", "stream_not_found", "ordered_consumer_recreated"]);
  for await (const { type } of messages.status()) {
    if (lost.has(type)) messages.stop();
  }
}
