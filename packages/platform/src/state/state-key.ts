/** The form of state keys and prefixes, checked at every entry. */
import { PssrError } from "@pssr/api";

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

function invalid(key: string, expected: string): PssrError {
  const shown = key.length > 80 ? `${key.slice(0, 80)}…` : key;
  return new PssrError(
    "INVALID_FIELD",
    `${JSON.stringify(shown)} is not ${expected}: use segments of a-z 0-9 . _ - without a dot at either end, joined by "/", at most ${maximumKeyLength} characters`,
    { field: "key" },
  );
}
