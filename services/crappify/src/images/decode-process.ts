/**
 * The process that decodes one file; started by decode-file.ts, which watches over it. What it found it says on standard output.
 */
import type { DecodeTask } from "./decode-file.js";

const task = JSON.parse(process.argv[2]!) as DecodeTask;
// The service has ended, in whatever way: nobody is left to watch, or to want the pixels. The decoder itself lets no event in,
// but it works in proportion to sizes that it has checked.
process.once("disconnect", () => process.kill(process.pid, "SIGKILL"));
process.channel?.unref();
setTimeout(() => process.kill(process.pid, "SIGKILL"), task.limits.timeMs).unref();
const { outcomeOf } = await import("./decode-task.js");
if (!process.connected) process.kill(process.pid, "SIGKILL");
process.stdout.write(JSON.stringify(await outcomeOf(task)));
