/**
 * How a process of ours ends: one line that a person can act on, and an exit code that a script can.
 *
 * | code | meaning |
 * |---|---|
 * | 0 | done; of a service: stopped in an orderly way |
 * | 1 | the work failed; the line says why |
 * | 2 | it was called wrongly |
 * | 3 | something that is needed cannot be reached |
 * | 130 | interrupted before the work was done, or while it would not stop |
 */
import { isPssrError, PssrError } from "@pssr/api";
import { printable, printableLines } from "./printable.js";

export interface ErrorReport {
  /** Whose line it is: "pssr", "train". */
  program: string;
  /** As JSON, for scripts. */
  json?: boolean;
  /** Aborted when the process was asked to stop. */
  signal: AbortSignal;
}

const usageReasons = new Set(["INVALID_FIELD", "INVALID_CONFIGURATION"]);

/** What a person can act on when a file of theirs is the matter. */
const fileProblems: Readonly<Record<string, string>> = {
  ENOENT: "there is no such file or folder",
  EACCES: "it may not be read or written by you",
  EPERM: "it may not be read or written by you",
  EISDIR: "it is a folder; give a file",
  ENOTDIR: "a part of its path is a file",
  ENOSPC: "there is no room left on its disk",
  EROFS: "its disk is read-only",
};

/** A system's error about a file, told as one of ours. */
function typed(error: unknown): unknown {
  if (!(error instanceof Error) || isPssrError(error)) return error;
  const { code, path } = error as NodeJS.ErrnoException;
  const problem = path === undefined ? undefined : fileProblems[code ?? ""];
  if (problem === undefined) return error;
  return new PssrError(code === "ENOSPC" ? "STORAGE_FULL" : "INVALID_FIELD", `${path}: ${problem}`, { cause: error });
}

/** Whether an error is nothing but the end that was asked for. */
export function isInterruption(error: unknown, signal: AbortSignal): boolean {
  if (!signal.aborted) return false;
  return (
    error === signal.reason ||
    (error instanceof Error && error.name === "AbortError") ||
    isPssrError(error, "CANCELLED")
  );
}

/** Prints the error as one line and gives the exit code. */
export function reportError(thrown: unknown, { program, json = false, signal }: ErrorReport): number {
  if (isInterruption(thrown, signal)) {
    process.stderr.write(json ? "" : "interrupted\n");
    return 130;
  }
  const error = typed(thrown);
  if (!isPssrError(error)) {
    const stack = error instanceof Error ? error.stack : String(error);
    if (json) process.stderr.write(`${JSON.stringify({ error: { reason: "INTERNAL", message: stack } })}\n`);
    else process.stderr.write(`${program}: an unexpected error, a fault of ours: ${printableLines(String(stack))}\n`);
    return 1;
  }
  const { reason, field, message, metadata } = error;
  if (json) process.stderr.write(`${JSON.stringify({ error: { reason, message, field, metadata } })}\n`);
  else process.stderr.write(`${program}: ${printable(message)} (${reason})\n`);
  if (reason === "UNAVAILABLE" || reason === "DEADLINE_EXCEEDED") return 3;
  return usageReasons.has(reason) ? 2 : 1;
}
