/** What NATS says, in our words. */
import { JetStreamApiError } from "@nats-io/jetstream";
import { isPssrError, PssrError } from "@pssr/api";

/** Error codes of JetStream's API that we act on, which its client does not name. Source: nats-server, server/errors.json. */
const codes = {
  wrongLastSequence: [10071, 10164],
  storageFull: [10023, 10028, 10047, 10110, 10122],
  streamNameInUse: [10058],
  consumerExists: [10105, 10148],
} as const;

const storeFailed = 10077;

export function hasCode(error: unknown, code: keyof typeof codes): boolean {
  const known: readonly number[] = codes[code];
  return error instanceof JetStreamApiError && known.includes(error.code);
}

/** Whether the job is there already: the stream holds one message of each subject. The code alone says that storing failed. */
export function isSubjectFull(error: unknown): boolean {
  return error instanceof JetStreamApiError && error.code === storeFailed && /per subject/.test(error.message);
}

/** Every error of a call as one of ours: UNAVAILABLE unless it says something better. */
export function toNatsError(cause: unknown, doing: string): unknown {
  if (isPssrError(cause)) return cause;
  const why = cause instanceof Error ? cause.message : String(cause);
  // A full disk is told in the system's own words, under whatever code.
  if (hasCode(cause, "storageFull") || /no space left/i.test(why)) {
    const message = `NATS has no room for ${doing} (${why}): give JetStream more storage`;
    return new PssrError("STORAGE_FULL", message, { cause });
  }
  return new PssrError(
    "UNAVAILABLE",
    `NATS did not do ${doing} (${why}); try again, and look at the server if it goes on`,
    {
      cause,
    },
  );
}
