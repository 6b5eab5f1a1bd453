/**
 * How a command ends: one line that a person can act on, and an exit code that a script can.
 *
 * | code | meaning |
 * |---|---|
 * | 0 | done |
 * | 1 | the work failed; the line says why |
 * | 2 | the command was called wrongly |
 * | 3 | the installation cannot be reached |
 * | 130 | interrupted |
 */
import { isPssrError } from "@pssr/api";

const usageReasons = new Set(["INVALID_FIELD", "INVALID_CONFIGURATION"]);

/** Prints the error as one line (as JSON with `json`) and gives the exit code. */
export function report(error: unknown, json: boolean, interrupted: boolean): number {
  if (interrupted) {
    process.stderr.write(json ? "" : "interrupted\n");
    return 130;
  }
  if (!isPssrError(error)) {
    process.stderr.write(
      `pssr: an unexpected error, a fault of ours: ${error instanceof Error ? error.stack : error}\n`,
    );
    return 1;
  }
  const { reason, field, message, metadata } = error;
  if (json) process.stderr.write(`${JSON.stringify({ error: { reason, message, field, metadata } })}\n`);
  else process.stderr.write(`pssr: ${message.replaceAll("\n", " ")} (${reason})\n`);
  if (reason === "UNAVAILABLE" || reason === "DEADLINE_EXCEEDED") return 3;
  return usageReasons.has(reason) ? 2 : 1;
}
