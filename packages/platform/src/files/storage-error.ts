/** Turns errors of the file system into typed ones, where a caller can do something about them. */
import { PssrError } from "@pssr/api";

const full = new Set(["ENOSPC", "EDQUOT"]);

export function errorCode(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
}

/** STORAGE_FULL for a full disk or quota; anything else as it came. */
export function toStorageError(error: unknown, directory: string): unknown {
  const code = errorCode(error);
  if (code === undefined || !full.has(code)) return error;
  return new PssrError(
    "STORAGE_FULL",
    `no room is left for the data directory ${directory} (${code}); free some and try again`,
    {
      cause: error,
    },
  );
}
