/** A job that writes two objects with a checkpoint between them, and goes on from there where an attempt before it got so far. */
import type { JobContext, JobResult, ObjectStore } from "@pssr/platform";
import { parts } from "./mortal-task.js";
import { text } from "./thing-kind.js";

export async function makeParts(job: JobContext, objects: ObjectStore, made = parts): Promise<JobResult> {
  const reached = job.record.checkpoint;
  const first = typeof reached === "string" ? reached : `${job.objectPrefix}first`;
  if (reached === undefined) {
    await objects.put(first, made[0]);
    job.progress(text("half"));
    await job.checkpoint(first);
  }
  const second = `${job.objectPrefix}second`;
  await objects.put(second, made[1]);
  return { value: text(JSON.stringify([first, second])), keepObjects: [first] };
}
