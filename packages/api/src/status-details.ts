/**
 * How a PssrError crosses the wire: as a `google.rpc.Status` in the trailer `grpc-status-details-bin`, with an ErrorInfo
 * (reason, domain, metadata), a BadRequest where a field is to blame, and a RetryInfo where trying again makes sense.
 */
import { Status as Code } from "nice-grpc-common";
import { Any } from "./generated/google/protobuf/any.js";
import { BadRequest, ErrorInfo, RetryInfo } from "./generated/google/rpc/error_details.js";
import { Status } from "./generated/google/rpc/status.js";
import { PssrError } from "./pssr-error.js";
import { type Reason, reasons } from "./reasons.js";

/** The trailer that carries the details. */
export const statusDetailsKey = "grpc-status-details-bin";
/** The domain in which our reasons are unique. */
export const errorDomain = "pssr.dev";

const typeUrl = (name: string) => `type.googleapis.com/google.rpc.${name}`;
/** Codes after which the same call may succeed, with the pause to suggest. */
const retryAfterSeconds: Partial<Record<Code, number>> = { [Code.UNAVAILABLE]: 1, [Code.RESOURCE_EXHAUSTED]: 5 };

/** Trailers travel in one block that many clients bound to 8 KiB: longer texts are cut. Both in bytes of that block. */
const maxMessageBytes = 3700;
const maxMetadataBytes = 2700;

/** The rich status of an error, small enough for a trailer. */
export function statusOf(error: PssrError): Status {
  const message = cut(error.message, maxMessageBytes, messageBytes);
  const metadata = boundedMetadata(error.metadata);
  const details = [
    Any.fromPartial({
      typeUrl: typeUrl("ErrorInfo"),
      value: ErrorInfo.encode({ reason: error.reason, domain: errorDomain, metadata }).finish(),
    }),
  ];
  if (error.field !== undefined) {
    const violation = { field: error.field, description: message, reason: error.reason };
    const value = BadRequest.encode(BadRequest.fromPartial({ fieldViolations: [violation] })).finish();
    details.push(Any.fromPartial({ typeUrl: typeUrl("BadRequest"), value }));
  }
  const seconds = retryAfterSeconds[error.code];
  if (seconds !== undefined) {
    const value = RetryInfo.encode(RetryInfo.fromPartial({ retryDelay: { seconds: BigInt(seconds) } })).finish();
    details.push(Any.fromPartial({ typeUrl: typeUrl("RetryInfo"), value }));
  }
  return Status.fromPartial({ code: error.code, message, details });
}

/** The error that a rich status stands for; undefined when it is not one of ours. A reason newer than this build keeps its code's nearest kin. */
export function errorOf(status: Status): PssrError | undefined {
  const info = status.details.find((d) => d.typeUrl === typeUrl("ErrorInfo"));
  if (info === undefined) return undefined;
  const { reason, domain, metadata } = ErrorInfo.decode(info.value);
  if (domain !== errorDomain) return undefined;
  const violations = status.details.find((d) => d.typeUrl === typeUrl("BadRequest"));
  const field = violations && BadRequest.decode(violations.value).fieldViolations[0]?.field;
  if (Object.hasOwn(reasons, reason)) return new PssrError(reason as Reason, status.message, { field, metadata });
  return new PssrError(reasonOfCode(status.code), status.message, { field, metadata: { ...metadata, reason } });
}

/** The reason to give an error that came with nothing but a gRPC code. */
export function reasonOfCode(code: Code): Reason {
  switch (code) {
    case Code.CANCELLED:
      return "CANCELLED";
    case Code.DEADLINE_EXCEEDED:
      return "DEADLINE_EXCEEDED";
    case Code.INVALID_ARGUMENT:
    case Code.OUT_OF_RANGE:
      return "INVALID_FIELD";
    case Code.NOT_FOUND:
      return "NOT_FOUND";
    case Code.ALREADY_EXISTS:
      return "ALREADY_EXISTS";
    case Code.UNAUTHENTICATED:
      return "UNAUTHENTICATED";
    case Code.PERMISSION_DENIED:
      return "PERMISSION_DENIED";
    case Code.RESOURCE_EXHAUSTED:
      return "LIMIT_EXCEEDED";
    case Code.ABORTED:
      return "REVISION_CONFLICT";
    case Code.UNAVAILABLE:
      return "UNAVAILABLE";
    default:
      return "INTERNAL";
  }
}

/** As much of the metadata as fits, in its order. */
function boundedMetadata(metadata: Readonly<Record<string, string>>): Record<string, string> {
  const kept: Record<string, string> = {};
  let left = maxMetadataBytes;
  for (const [key, value] of Object.entries(metadata)) {
    left -= base64Bytes(key);
    if (left <= 0) break;
    kept[key] = cut(value, left, base64Bytes);
    left -= base64Bytes(kept[key]);
  }
  return kept;
}

/** What a text takes in details, which travel as base64. */
function base64Bytes(text: string): number {
  return (4 / 3) * Buffer.byteLength(text);
}

/** What an error's words take: as the status' message, where all but some characters are percent-encoded, and twice in its details. */
function messageBytes(text: string): number {
  return (
    Buffer.byteLength(
      text.replace(/[^A-Za-z0-9;,/?:@&=+$\-_.!~*'()#]/gu, (other) => "%xx".repeat(Buffer.byteLength(other))),
    ) +
    2 * base64Bytes(text)
  );
}

/** As many of the text's characters as take no more than so many bytes, with what says that some are missing. */
function cut(text: string, most: number, bytesOf: (text: string) => number): string {
  // No character takes less than a byte.
  const start = text.slice(0, most);
  if (start.length === text.length && bytesOf(text) <= most) return text;
  const characters = [...start];
  let left = most - bytesOf("…");
  const end = characters.findIndex((character) => {
    left -= bytesOf(character);
    return left < 0;
  });
  return `${characters.slice(0, end < 0 ? characters.length : end).join("")}…`;
}
