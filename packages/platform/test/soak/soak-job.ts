/** The job of a soak: one object a step, with a checkpoint after each, on which a later attempt goes on. */
import { setTimeout as sleep } from "node:timers/promises";
import { PssrError } from "@pssr/api";
import type { JobContext, JobResult, ObjectStore } from "@pssr/platform";
import { readText, text } from "../operations/thing-kind.js";
import { type SoakRequest, stepBytes } from "./soak-request.js";

export async function runSoakJob(job: JobContext, objects: ObjectStore): Promise<JobResult> {
  const { signal, objectPrefix, attempt } = job;
  const request: SoakRequest = JSON.parse(readText(job.record.request) ?? "");
  const made = madeBefore(job);
  while (made.length < request.steps.length) {
    const step = made.length;
    await sleep(request.steps[step]?.pauseMs, undefined, { signal }).catch(() => signal.throwIfAborted());
    if (request.fate === "stumbles" && attempt === 1) throw new PssrError("UNAVAILABLE", "the first attempt stumbles");
    const key = `${objectPrefix}${step}`;
    await objects.put(key, stepBytes(request, step), { signal });
    made.push(key);
    job.progress(text(`${made.length}`));
    await job.checkpoint(made);
  }
  if (request.fate === "fails") throw new PssrError("INVALID_MODEL", "it was to fail");
  return { value: text(JSON.stringify(made)), keepObjects: made };
}

/** The keys that the last checkpoint tells of. */
function madeBefore({ record }: JobContext): string[] {
  return Array.isArray(record.checkpoint) ? record.checkpoint.map(String) : [];
}
