/** The executable of the service crappify: `node services/crappify/dist/main.js --settings` lists its settings. */
import { runProgram } from "@pssr/platform";
import { crappifyProgram } from "./program.js";

process.exitCode = await runProgram(crappifyProgram, process.argv.slice(2));
