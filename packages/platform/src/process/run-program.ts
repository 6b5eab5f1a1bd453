/** The `main` of a service's executable: settings in, exit code out. */
import { describeConfig } from "../config/describe-config.js";
import { Interruption } from "./interruption.js";
import { reportError } from "./report-error.js";
import { serve } from "./serve.js";
import { type programSettings, type ServiceProgram, startProgram } from "./service-program.js";

/** Runs the service until SIGTERM or SIGINT; `--settings` lists its settings instead. */
export async function runProgram<S extends typeof programSettings>(
  program: ServiceProgram<S>,
  argv: readonly string[],
  env: NodeJS.ProcessEnv = process.env,
): Promise<number> {
  using interruption = new Interruption();
  const { signal } = interruption;
  try {
    if (argv.includes("--settings") || argv.includes("--help")) {
      process.stdout.write(`${describeConfig(program.settings)}\n`);
      return 0;
    }
    await serve(program.name, () => startProgram(program, { argv, env }, interruption), signal);
    return 0;
  } catch (error) {
    return reportError(error, { program: program.name, signal });
  }
}
