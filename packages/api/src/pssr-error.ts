/**
 * The error that crosses every boundary of ours: a stable reason, a sentence that says what was wrong, what was
 * expected and what to do, and, where one field is to blame, its path.
 *
 *     throw new PssrError("TILE_TOO_LARGE", `tile_size 512 is larger than scan_07 (480×640); use at most 480`, { field: "dataset.tile_size" });
 */
import type { Status } from "nice-grpc-common";
import { type Reason, reasons } from "./reasons.js";

export interface PssrErrorOptions {
  /** Path of the request's field to blame, in the contract's names: `dataset.tile_size`. */
  field?: string;
  /** Further facts for programs: sizes, names, limits. */
  metadata?: Record<string, string>;
  cause?: unknown;
}

export class PssrError extends Error {
  override readonly name = "PssrError";
  readonly reason: Reason;
  readonly field: string | undefined;
  readonly metadata: Readonly<Record<string, string>>;

  constructor(reason: Reason, message: string, options: PssrErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.reason = reason;
    this.field = options.field;
    this.metadata = options.metadata ?? {};
  }

  /** The gRPC status code of this error's reason. */
  get code(): Status {
    return reasons[this.reason].code;
  }
}

export function isPssrError(error: unknown, reason?: Reason): error is PssrError {
  return error instanceof PssrError && (reason === undefined || error.reason === reason);
}
