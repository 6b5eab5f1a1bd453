/** The executable of the service predict: `node services/predict/dist/main.js --settings` lists its settings. */
import { runProgram } from "@pssr/platform";
import { predictProgram } from "./program.js";

process.exitCode = await runProgram(predictProgram, process.argv.slice(2));
