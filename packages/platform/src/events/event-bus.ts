/**
 * The port to events: the present state of something, told to whoever listens. What counts is the last event of a subject;
 * earlier ones may be skipped, and none of them is the truth (that is in the state store).
 */
import type { Abortable } from "../abortable.js";

export const maximumEventBytes = 64 * 1024;

export interface BusEvent {
  subject: string;
  data: Uint8Array;
}

export interface SubscribeOptions extends Abortable {
  /** Begin with the last event of each matching subject, as far as the bus still knows it. Default false. */
  replayLast?: boolean | undefined;
}

/** Subjects have the form of state keys, prefixes too ("" or ending in "/"); anything else fails with INVALID_FIELD. */
export interface EventBus {
  /** At most 64 KiB; more fail with LIMIT_EXCEEDED. */
  publish(subject: string, data: Uint8Array, options?: Abortable): Promise<void>;
  /**
   * Events of all subjects under a prefix, from the call on, until aborted (then it rejects with the signal's reason). For a
   * slow reader events of one subject are conflated: the last one wins, and memory is bounded by the number of subjects.
   */
  subscribe(prefix: string, options?: SubscribeOptions): AsyncIterable<BusEvent>;
}
