/** Operations of a process of the bench, and the kinds of jobs that it runs or only submits. */
import {
  type JobContext,
  type JobKind,
  type JobResult,
  type OpenPorts,
  Operations,
  type TypedBytes,
} from "@pssr/platform";
import { report } from "./ground.js";

/** Its settings are the defaults: what is measured is what an installation has. */
export function operationsOn({ ports }: OpenPorts): Operations {
  return new Operations(ports, { exclusive: false, report });
}

/** A kind whose jobs make nothing that anybody sees; without `run` a process only submits it. */
export function benchKind(kind: string, concurrency = 0, run?: (job: JobContext) => Promise<JobResult>): JobKind {
  return {
    kind,
    concurrency,
    run:
      run ??
      (() => {
        throw new Error(`${kind} jobs are not run in this process`);
      }),
    materialise: async () => undefined,
  };
}

/** The request and the result of these jobs. */
export const nothing: TypedBytes = { type: "type.googleapis.com/google.protobuf.Empty", bytes: new Uint8Array() };

/** How an operation of the bench is submitted. */
export function submission(kind: string, resource: string) {
  return { kind, resource, project: "default", principal: "bench", request: nothing };
}
