/** The executable of the service optimize: `node services/optimize/dist/main.js --settings` lists its settings. */
import { runProgram } from "@pssr/platform";
import { optimizeProgram } from "./program.js";

process.exitCode = await runProgram(optimizeProgram, process.argv.slice(2));
