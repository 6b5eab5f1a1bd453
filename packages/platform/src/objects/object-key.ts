/** The form of object keys, checked at every entry so that no key leaves its store. */
import { PssrError } from "@pssr/api";

const segmentPattern = /^[A-Za-z0-9_-][A-Za-z0-9._-]{0,199}$/;
const maximumKeyLength = 800;

export function isObjectKey(key: string): boolean {
  return key.length <= maximumKeyLength && key.split("/").every((segment) => segmentPattern.test(segment));
}

/** Throws INVALID_FIELD unless `key` is a whole object key. */
export function checkObjectKey(key: string): void {
  if (!isObjectKey(key)) throw invalid(key, "an object key");
}

/** Throws INVALID_FIELD unless `prefix` is the beginning of some object key. */
export function checkObjectPrefix(prefix: string): void {
  if (prefix === "") return;
  if (!isObjectKey(prefix.endsWith("/") ? prefix.slice(0, -1) : prefix))
    throw invalid(prefix, "the beginning of an object key");
}

function invalid(key: string, expected: string): PssrError {
  const shown = key.length > 80 ? `${key.slice(0, 80)}…` : key;
  return new PssrError(
    "INVALID_FIELD",
    `${JSON.stringify(shown)} is not ${expected}: use segments of A-Z a-z 0-9 . _ - that do not begin with a dot, joined by "/", at most ${maximumKeyLength} characters`,
    { field: "key" },
  );
}
