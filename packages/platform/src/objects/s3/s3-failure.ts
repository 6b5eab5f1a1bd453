/** What a failed request to an S3 server means: whether to send it again, and what a person is told in the end. */
import { PssrError } from "@pssr/api";
import { S3Error } from "minio";
import { type Exchange, IdleTimeout, isPassingStatus } from "./s3-transport.js";

export interface S3Failure {
  /** The same request may succeed a moment later. */
  readonly isPassing: boolean;
  /** The answer's status, where there was an answer. */
  readonly status: number | undefined;
  /** S3's own code (`NoSuchKey`) or the system's (`ECONNREFUSED`). */
  readonly code: string;
  /** For people; never holds a secret. */
  readonly words: string;
  readonly cause: unknown;
}

/** What the failure was about, for the error's sentence. */
export interface FailureContext {
  readonly endpoint: string;
  readonly bucket: string;
  /** Completes "could not …": `read object a/b`. */
  readonly what: string;
  readonly tries: number;
  /** The store is being opened, so that the configuration is to blame rather than the moment. */
  readonly isOpening: boolean;
}

/** S3 codes that tell of the moment, or of bytes lost on the way, under statuses that do not say so. */
const passingCodes: ReadonlySet<string> = new Set([
  "RequestTimeout",
  "InternalError",
  "SlowDown",
  "ServiceUnavailable",
  "BadDigest",
  "XAmzContentSHA256Mismatch",
  "IncompleteBody",
  "OperationAborted",
  "ConditionalRequestConflict",
]);
const connectionCodes: ReadonlySet<string> = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "ECONNABORTED",
  "EPIPE",
  "ETIMEDOUT",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "EADDRNOTAVAIL",
  "ERR_STREAM_PREMATURE_CLOSE",
  "CUT_OFF",
]);
const fullCodes: ReadonlySet<string> = new Set(["XMinioStorageFull", "QuotaExceeded"]);
const credentialCodes: ReadonlySet<string> = new Set([
  "AccessDenied",
  "InvalidAccessKeyId",
  "XAdminUserNotFound",
  "SignatureDoesNotMatch",
  "RequestTimeTooSkewed",
  "ExpiredToken",
]);
const regionCodes: ReadonlySet<string> = new Set([
  "PermanentRedirect",
  "MovedPermanently",
  "AuthorizationHeaderMalformed",
  "IllegalLocationConstraintException",
  "TemporaryRedirect",
]);

/** A body ended before all of its bytes had come. */
export class CutOff extends Error {
  readonly code = "CUT_OFF";
  constructor(expected: number, received: number) {
    super(`the answer ended after ${received} of ${expected} bytes`);
  }
}

export function failureOf(error: unknown, exchange: Exchange): S3Failure {
  const { status, givenUp } = exchange;
  if (givenUp instanceof IdleTimeout) {
    return { isPassing: true, status, code: "IDLE_TIMEOUT", words: givenUp.message, cause: givenUp };
  }
  if (isPassingStatus(status)) {
    return { isPassing: true, status, code: String(status), words: `it answered with status ${status}`, cause: error };
  }
  const code = codeOf(error);
  // A parser's codes too: an answer that is no HTTP comes from something that is just starting, ending, or in between.
  const isPassing = passingCodes.has(code) || connectionCodes.has(code) || code.startsWith("HPE_");
  const isAnswer = error instanceof S3Error || (status !== undefined && status >= 300);
  const words = isAnswer ? `it answered with status ${status} ${code}` : messageOf(error);
  return { isPassing, status, code, words, cause: error };
}

/** The sentence a person reads. Passing failures are UNAVAILABLE; others say what in the configuration is wrong. */
export function toPssrError(failure: S3Failure, context: FailureContext): PssrError {
  const { status, code, words, cause } = failure;
  const { endpoint, bucket, what, tries } = context;
  const begin = `the S3 server at ${endpoint} could not ${what}`;
  const options = { cause };
  if (status === 507 || fullCodes.has(code)) {
    return new PssrError("STORAGE_FULL", `${begin}: no room is left (${words}); free some and try again`, options);
  }
  if (code === "EntityTooLarge") {
    const message = `${begin}: it is larger than that server takes in one piece (${words}); set a smaller PSSR_S3_PART_SIZE, or raise the server's limit`;
    return new PssrError("LIMIT_EXCEEDED", message, options);
  }
  if (failure.isPassing) {
    return new PssrError(
      "UNAVAILABLE",
      `${begin} (${tries === 1 ? "tried once" : `tried ${tries} times`}; at last: ${words}); check that it runs and can be reached, then try again`,
      options,
    );
  }
  const advice = adviceOn(failure, bucket);
  if (advice === undefined) return new PssrError("INTERNAL", `${begin}: ${words}`, options);
  const message = `${begin} (${words}): ${advice.sentence}`;
  return context.isOpening
    ? new PssrError("INVALID_CONFIGURATION", message, { field: advice.field, cause })
    : new PssrError("UNAVAILABLE", message, options);
}

/** What an operator has to set right. */
function adviceOn({ status, code }: S3Failure, bucket: string): { sentence: string; field: string } | undefined {
  if (code === "NoSuchBucket") {
    return { sentence: `there is no bucket ${bucket}; make it or set PSSR_S3_BUCKET`, field: "s3Bucket" };
  }
  if (code === "RequestTimeTooSkewed") {
    return { sentence: "this machine's clock and the server's differ; set them right", field: "s3Endpoint" };
  }
  if (status === 401 || status === 403 || credentialCodes.has(code)) {
    const sentence = `the account is refused; check PSSR_S3_ACCESS_KEY, PSSR_S3_SECRET_KEY and the account's rights on bucket ${bucket}`;
    return { sentence, field: "s3AccessKey" };
  }
  if (regionCodes.has(code)) {
    const sentence = `the bucket ${bucket} is elsewhere; check PSSR_S3_REGION and PSSR_S3_ENDPOINT`;
    return { sentence, field: "s3Region" };
  }
  if (code === "InvalidBucketName" || code === "BucketAlreadyExists") {
    return { sentence: `the bucket's name ${bucket} cannot be used; set PSSR_S3_BUCKET`, field: "s3Bucket" };
  }
  if (/CERT|SELF_SIGNED|ISSUER|ALTNAME/.test(code)) {
    return { sentence: "its certificate is not trusted; name its authority in PSSR_S3_CA_FILE", field: "s3CaFile" };
  }
  if (code === "EPROTO" || code.startsWith("ERR_SSL")) {
    return { sentence: "it does not speak TLS there; check PSSR_S3_ENDPOINT", field: "s3Endpoint" };
  }
  return undefined;
}

/** The client throws S3's answer as its own error, or, where it came under status 200, as the parsed XML. */
function codeOf(error: unknown): string {
  if (typeof error !== "object" || error === null) return "";
  const code = "code" in error ? error.code : "Code" in error ? error.Code : undefined;
  return typeof code === "string" ? code : "";
}

function messageOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === "") return error.errors.map(messageOf).join("; ");
  if (error instanceof Error) return error.message;
  return typeof error === "object" && error !== null && "Message" in error ? String(error.Message) : String(error);
}
