/** The form of what callers of a state store give, checked at every entry; and the error of a stale write. */
import { PssrError } from "@pssr/api";
import { maximumValueBytes, type Revision } from "./state-store.js";

const segmentPattern = /^[a-z0-9_-]([a-z0-9._-]{0,198}[a-z0-9_-])?$/;
const maximumKeyLength = 400;

function isKey(key: string): boolean {
  return key.length <= maximumKeyLength && key.split("/").every((segment) => segmentPattern.test(segment));
}

/** Throws INVALID_FIELD unless `key` is a whole state key. */
export function checkStateKey(key: string): void {
  if (!isKey(key)) throw invalid(key, "a state key");
}

/** Throws INVALID_FIELD unless `prefix` is "" or whole segments ending in "/". */
export function checkStatePrefix(prefix: string): void {
  if (prefix !== "" && !(prefix.endsWith("/") && isKey(prefix.slice(0, -1)))) {
    throw invalid(prefix, 'a prefix of state keys ("" or ending in "/")');
  }
}

/** Throws LIMIT_EXCEEDED for a value that no store takes. */
export function checkStateValue(key: string, value: Uint8Array): void {
  if (value.length <= maximumValueBytes) return;
  throw new PssrError(
    "LIMIT_EXCEEDED",
    `the record ${key} would have ${value.length} bytes; at most ${maximumValueBytes} fit: put bulk data into the object store`,
  );
}

/** Throws INVALID_FIELD unless a list of so many entries may be asked for. */
export function checkListLimit(limit: number): void {
  if (Number.isInteger(limit) && limit >= 1 && limit <= 1000) return;
  throw new PssrError("INVALID_FIELD", `limit is ${limit}; it must be a whole number from 1 to 1000`, {
    field: "limit",
  });
}

/** A write that expected a key at one revision found it at another (0n: not there). */
export function revisionConflict(key: string, expected: Revision, present: Revision): PssrError {
  const wanted = expected === 0n ? "that it does not exist" : `revision ${expected}`;
  const is = present === 0n ? "it does not exist" : `it stands at ${present}`;
  return new PssrError(
    "REVISION_CONFLICT",
    `${key}: the write expects ${wanted}, but ${is}; read it again and decide anew`,
  );
}

function invalid(key: string, expected: string): PssrError {
  const shown = key.length > 80 ? `${key.slice(0, 80)}…` : key;
  return new PssrError(
    "INVALID_FIELD",
    `${JSON.stringify(shown)} is not ${expected}: use segments of a-z 0-9 . _ - without a dot at either end, joined by "/", at most ${maximumKeyLength} characters`,
    { field: "key" },
  );
}
