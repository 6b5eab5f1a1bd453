/** The executable of the service gateway: `node services/gateway/dist/main.js --settings` lists its settings. */
import { runProgram } from "@pssr/platform";
import { gatewayProgram } from "./program.js";

process.exitCode = await runProgram(gatewayProgram, process.argv.slice(2));
