/** The executable of the service train: `node services/train/dist/main.js --settings` lists its settings. */
import { runProgram } from "@pssr/platform";
import { trainProgram } from "./program.js";

process.exitCode = await runProgram(trainProgram, process.argv.slice(2));
