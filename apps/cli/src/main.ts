/** The `pssr` command: parses, runs, and ends with one line and an exit code. */
import { Interruption, reportError } from "@pssr/platform/process-end";
import { CommanderError } from "commander";
import { createProgram } from "./program.js";

/** Runs one command line and gives the exit code. */
export async function main(argv: string[]): Promise<number> {
  using interruption = new Interruption();
  try {
    const program = createProgram(interruption);
    for (const command of [program, ...program.commands, ...program.commands.flatMap((c) => c.commands)])
      command.exitOverride();
    await program.parseAsync(argv, { from: "user" });
    return 0;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    return reportError(error, { program: "pssr", json: argv.includes("--json"), signal: interruption.signal });
  }
}
