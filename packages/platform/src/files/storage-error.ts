/** Turns errors of the file system into typed ones, where a caller can do something about them. */
import { PssrError } from "@pssr/api";

const full = new Set(["ENOSPC", "EDQUOT"]);
/** A broken disk; many file systems turn read-only after the first error. */
const broken = new Set(["EIO", "EROFS"]);

export function errorCode(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
}

export function isFull(error: unknown): boolean {
  return full.has(errorCode(error) ?? "");
}

/** STORAGE_FULL for a full disk or quota, UNAVAILABLE for a disk that fails; anything else as it came. */
export function toStorageError(error: unknown, directory: string): unknown {
  const code = errorCode(error);
  if (code === undefined) return error;
  if (full.has(code)) {
    return new PssrError(
      "STORAGE_FULL",
      `no room is left for the data directory ${directory} (${code}); free some and try again`,
      { cause: error },
    );
  }
  if (broken.has(code)) {
    return new PssrError(
      "UNAVAILABLE",
      `the disk of the data directory ${directory} fails (${code}); see the system's log, mend the disk and try again`,
      { cause: error },
    );
  }
  return error;
}
