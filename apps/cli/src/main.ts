/** The `pssr` command: parses, runs, and ends with one line and an exit code (terminal/exit-code.ts). */
import { CommanderError } from "commander";
import { createProgram } from "./program.js";
import { report } from "./terminal/exit-code.js";
import { stopLimit } from "./terminal/stop-limit.js";

/** Runs one command line and gives the exit code. */
export async function main(argv: string[]): Promise<number> {
  const interrupt = new AbortController();
  const onSignal = () => {
    if (interrupt.signal.aborted) process.exit(130); // asked twice: at once
    interrupt.abort(new Error("interrupted"));
    setTimeout(() => process.exit(130), stopLimit()).unref();
  };
  process.on("SIGINT", onSignal);
  process.on("SIGTERM", onSignal);
  try {
    const program = createProgram(interrupt.signal);
    for (const command of [program, ...program.commands, ...program.commands.flatMap((c) => c.commands)])
      command.exitOverride();
    await program.parseAsync(argv, { from: "user" });
    return 0;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    return report(error, argv.includes("--json"), interrupt.signal.aborted);
  } finally {
    process.off("SIGINT", onSignal);
    process.off("SIGTERM", onSignal);
  }
}
