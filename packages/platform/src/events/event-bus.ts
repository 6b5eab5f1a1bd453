/**
 * The port to events: the present state of something, told to whoever listens. What counts is the last event of a subject;
 * earlier ones may be skipped, and none of them is the truth (that is in the state store).
 */
import { PssrError } from "@pssr/api";
import type { Abortable } from "../abortable.js";

export const maximumEventBytes = 64 * 1024;

export interface BusEvent {
  subject: string;
  data: Uint8Array;
}

/** Subjects have the form of state keys, prefixes too ("" or ending in "/"); anything else fails with INVALID_FIELD. */
export interface EventBus {
  /** At most 64 KiB; more fail with LIMIT_EXCEEDED. */
  publish(subject: string, data: Uint8Array, options?: Abortable): Promise<void>;
  /**
   * The last event of each subject under a prefix, as far as the bus still knows it, then every event from the call on, until
   * aborted (then it rejects with the signal's reason). An event may come twice. For a slow reader events of one subject are
   * conflated: the last one wins, and memory is bounded by the number of subjects.
   */
  subscribe(prefix: string, options?: Abortable): AsyncIterable<BusEvent>;
}

/** Throws LIMIT_EXCEEDED for an event that no bus takes. */
export function checkEvent(subject: string, data: Uint8Array): void {
  if (data.length <= maximumEventBytes) return;
  throw new PssrError(
    "LIMIT_EXCEEDED",
    `an event of ${subject} has ${data.length} bytes; at most ${maximumEventBytes}`,
  );
}
