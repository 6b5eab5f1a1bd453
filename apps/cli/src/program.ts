/** The command line: every command, in the order in which a newcomer meets them. */
import type { Interruption } from "@pssr/platform/process-end";
import { Command, Help } from "commander";
import { addCrappifierCommands } from "./commands/crappifiers.js";
import { addCrappifyCommand } from "./commands/crappify.js";
import { addDatasetCommands } from "./commands/datasets.js";
import { addDemoCommand } from "./commands/demo.js";
import { addEvaluateCommand } from "./commands/evaluate.js";
import { addFitCommand } from "./commands/fit.js";
import { addFitsCommands } from "./commands/fits.js";
import { addImageCommands } from "./commands/images.js";
import { addModelCommands } from "./commands/models.js";
import { addOperationCommands } from "./commands/operations.js";
import { addPredictCommand } from "./commands/predict.js";
import { addServiceCommand } from "./commands/service.js";
import { addTokenCommands } from "./commands/tokens.js";
import { addTrainCommand } from "./commands/train.js";
import { addUpCommand } from "./commands/up.js";
import { addUpClusterCommand } from "./commands/up-cluster.js";
import { environmentHelp, variable } from "./environment.js";

/** Builds the program, which a user may interrupt. */
export function createProgram(interruption: Interruption): Command {
  const { signal } = interruption;
  const program = new Command("pssr")
    .description("Point-scanning super-resolution: learn from good images, restore fast ones.")
    .option("--address <host:port>", "where the installation listens", variable("PSSR_ADDRESS") ?? "127.0.0.1:7717")
    .option("--project <id>", "the project to work in", variable("PSSR_PROJECT") ?? "default")
    .option("--ca <file>", "certificate authority to trust, for an encrypted connection", variable("PSSR_CA_FILE"))
    .option(
      "--json",
      "results as JSON, one a line (a list: one line an item); an error as one line of JSON on standard error",
    )
    .addHelpText("after", environmentHelp())
    .configureHelp({
      optionDescription(option) {
        const about = Help.prototype.optionDescription.call(this, option);
        return option.mandatory && option.defaultValue === undefined ? `${about} (required)` : about;
      },
    })
    .showHelpAfterError("(`pssr --help` lists the commands)");
  addUpCommand(program, interruption);
  addDemoCommand(program, interruption);
  addImageCommands(program, signal);
  addDatasetCommands(program, signal);
  addCrappifyCommand(program, signal);
  addCrappifierCommands(program, signal);
  addFitCommand(program, signal);
  addFitsCommands(program, signal);
  addTrainCommand(program, signal);
  addPredictCommand(program, signal);
  addEvaluateCommand(program, signal);
  addModelCommands(program, signal);
  addOperationCommands(program, signal);
  addServiceCommand(program, interruption);
  addUpClusterCommand(program, interruption);
  addTokenCommands(program);
  return program;
}
