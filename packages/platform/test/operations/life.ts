/** Runs one life of a mortal process. */
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Report, Task } from "./mortal-task.js";

const program = fileURLToPath(new URL("mortal-process.js", import.meta.url));

/** The report of a life that came to its end, undefined of one that was killed. */
export function live(task: Task): Promise<Report | undefined> {
  return new Promise((resolve, reject) => {
    execFile(process.execPath, [program, JSON.stringify(task)], { timeout: 30_000 }, (error, stdout, stderr) => {
      if (error === null) resolve(JSON.parse(stdout));
      else if (error.signal === "SIGKILL") resolve(undefined);
      else reject(new Error(`the process ended with ${error.code ?? error.signal}: ${stderr}`));
    });
  });
}
