/** The `pssr` command: parses, runs, and ends with one line and an exit code. */
import { PssrError } from "@pssr/api";
import { Interruption, reportError } from "@pssr/platform/process-end";
import { CommanderError } from "commander";
import { withTokenAdvice } from "./environment.js";
import { createProgram } from "./program.js";
import { withIdAdvice } from "./taken-id.js";

/** Runs one command line and gives the exit code. */
export async function main(argv: string[]): Promise<number> {
  using interruption = new Interruption();
  const json = argv.includes("--json");
  const report = (error: unknown) =>
    reportError(withIdAdvice(withTokenAdvice(error)), { program: "pssr", json, signal: interruption.signal });
  try {
    const program = createProgram(interruption);
    for (const command of [program, ...program.commands, ...program.commands.flatMap((c) => c.commands)]) {
      command.exitOverride();
      if (json) command.configureOutput({ writeErr: () => undefined }); // a script gets the error in our form, below
    }
    await program.parseAsync(argv, { from: "user" });
    return 0;
  } catch (error) {
    if (!(error instanceof CommanderError)) return report(error);
    if (error.exitCode === 0) return 0;
    return json ? report(misuse(error)) : 2;
  }
}

/** A wrong command line, in the form of all other errors. */
function misuse({ code, message }: CommanderError): PssrError {
  const words = code === "commander.help" ? "no command is named" : message.replace(/^error: /, "");
  return new PssrError("INVALID_FIELD", `${words} (\`pssr --help\` lists the commands)`);
}
