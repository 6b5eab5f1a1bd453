/**
 * The one table of reasons: every typed error a caller can see, with its gRPC code and its meaning.
 * A reason is part of the interface: it is never renamed, and its code never changes.
 */
import { Status } from "nice-grpc-common";

export interface ReasonEntry {
  /** gRPC status code sent with this reason. */
  code: Status;
  /** What it means, for the documentation. The message of one error says what exactly was wrong and what to do. */
  meaning: string;
}

const table = {
  INVALID_FIELD: {
    code: Status.INVALID_ARGUMENT,
    meaning: "A field of the request has a value outside its range or form.",
  },
  INVALID_CONFIGURATION: {
    code: Status.INVALID_ARGUMENT,
    meaning: "A setting (flag, environment variable) has a wrong value.",
  },
  NOT_AN_IMAGE: { code: Status.INVALID_ARGUMENT, meaning: "The bytes are no image of a supported format." },
  IMAGE_CORRUPT: {
    code: Status.INVALID_ARGUMENT,
    meaning: "The file is of a supported format, but truncated or damaged.",
  },
  UNSUPPORTED_PIXELS: {
    code: Status.INVALID_ARGUMENT,
    meaning: "The format is known, but not this bit depth, channel count or layout.",
  },
  IMAGE_TOO_LARGE: {
    code: Status.INVALID_ARGUMENT,
    meaning: "The image exceeds a configured limit on bytes or pixels.",
  },
  SHAPE_MISMATCH: { code: Status.INVALID_ARGUMENT, meaning: "Two images that must have the same shape do not." },
  UNSUITABLE_IMAGES: {
    code: Status.INVALID_ARGUMENT,
    meaning: "Images tell nothing of what is to be measured: constant, cut off, or not of the same field.",
  },
  TILE_TOO_LARGE: {
    code: Status.INVALID_ARGUMENT,
    meaning: "The tile does not fit into the smallest image of a dataset.",
  },
  DATASET_EMPTY: {
    code: Status.INVALID_ARGUMENT,
    meaning: "A dataset names no image, or a split of it holds no tile.",
  },
  INVALID_MODEL: {
    code: Status.INVALID_ARGUMENT,
    meaning: "A model's configuration, weights or files do not fit together.",
  },
  NOT_FOUND: { code: Status.NOT_FOUND, meaning: "No resource of that name in that project." },
  ALREADY_EXISTS: {
    code: Status.ALREADY_EXISTS,
    meaning: "The id is taken by another resource. Ids are never reused.",
  },
  RESOURCE_IN_USE: {
    code: Status.FAILED_PRECONDITION,
    meaning: "The resource cannot be deleted while others refer to it.",
  },
  DATASET_DELETED: {
    code: Status.FAILED_PRECONDITION,
    meaning: "A dataset was deleted while work that reads it was under way.",
  },
  DATASET_CHANGED: {
    code: Status.FAILED_PRECONDITION,
    meaning: "The dataset does not have the digest that the request pins.",
  },
  UPLOAD_OFFSET_MISMATCH: {
    code: Status.FAILED_PRECONDITION,
    meaning: "Bytes were sent for an offset other than the one the upload stands at.",
  },
  UPLOAD_INCOMPLETE: { code: Status.FAILED_PRECONDITION, meaning: "The upload does not hold all declared bytes yet." },
  UPLOAD_DIGEST_MISMATCH: { code: Status.DATA_LOSS, meaning: "The bytes received do not have the declared SHA-256." },
  OBJECT_CORRUPT: {
    code: Status.DATA_LOSS,
    meaning: "A stored object is damaged: its content does not match its digest.",
  },
  REVISION_CONFLICT: { code: Status.ABORTED, meaning: "A record was changed by another writer in between." },
  RECORD_TOO_NEW: {
    code: Status.FAILED_PRECONDITION,
    meaning: "A stored record was written by a newer release than the one that reads it.",
  },
  LIMIT_EXCEEDED: { code: Status.RESOURCE_EXHAUSTED, meaning: "A configured limit of this installation is reached." },
  STORAGE_FULL: { code: Status.RESOURCE_EXHAUSTED, meaning: "There is no room left in the store." },
  UNAUTHENTICATED: { code: Status.UNAUTHENTICATED, meaning: "The call carries no valid identity." },
  PERMISSION_DENIED: { code: Status.PERMISSION_DENIED, meaning: "The caller's role does not allow this call." },
  WORKER_CRASHED: { code: Status.INTERNAL, meaning: "The work ended its process several times without progress." },
  TRAINING_DIVERGED: { code: Status.INTERNAL, meaning: "The loss became infinite or not a number." },
  EXTERNAL_CRAPPIFIER_FAILED: {
    code: Status.FAILED_PRECONDITION,
    meaning:
      "A server that takes an external step of a crappifier refused it, took too long, or answered with wrong pixels.",
  },
  NATIVE_LIBRARY_MISSING: {
    code: Status.FAILED_PRECONDITION,
    meaning: "A native library that this work needs is not built on this machine.",
  },
  DATA_DIRECTORY_LOCKED: { code: Status.FAILED_PRECONDITION, meaning: "Another process uses the data directory." },
  UNAVAILABLE: {
    code: Status.UNAVAILABLE,
    meaning: "A service that is needed cannot be reached at the moment; try again.",
  },
  DEADLINE_EXCEEDED: {
    code: Status.DEADLINE_EXCEEDED,
    meaning: "The work was not finished within the caller's deadline.",
  },
  CANCELLED: { code: Status.CANCELLED, meaning: "The caller, or a user, cancelled the work." },
  INTERNAL: { code: Status.INTERNAL, meaning: "A fault of ours. The log holds the details under the trace id." },
} as const satisfies Record<string, ReasonEntry>;

export type Reason = keyof typeof table;
export const reasons: Readonly<Record<Reason, ReasonEntry>> = table;
