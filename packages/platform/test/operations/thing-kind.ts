/** A service in small: its jobs make things, whose records are `things/{project}/{thing}`. For the tests of operations. */
import { isPssrError } from "@pssr/api";
import type { JobContext, JobKind, JobResult, OperationRecord, StateStore, TypedBytes } from "@pssr/platform";

export interface Thing {
  state: "MAKING" | "READY" | "FAILED";
  /** Of a READY one: what its operation returned. */
  value?: string;
  operation: string;
}

export const text = (value: string): TypedBytes => ({ type: "test/text", bytes: new TextEncoder().encode(value) });
export const readText = (value: TypedBytes | undefined): string | undefined =>
  value && new TextDecoder().decode(value.bytes);

export async function readThing(state: StateStore, project: string, thing: string): Promise<Thing | undefined> {
  const entry = await state.get(`things/${project}/${thing}`);
  return entry && JSON.parse(new TextDecoder().decode(entry.value));
}

export function thingKind(
  state: StateStore,
  run: (job: JobContext) => Promise<JobResult>,
  options: Partial<JobKind> = {},
): JobKind {
  return {
    kind: "thing",
    concurrency: 1,
    leaseMs: 5_000,
    heartbeatMs: 50,
    run,
    materialise: (record) => materialiseThing(state, record),
    ...options,
  };
}

export async function materialiseThing(state: StateStore, record: OperationRecord): Promise<void> {
  const key = `things/${record.project}/${record.resource}`;
  const thing: Thing = { state: "MAKING", operation: record.id };
  if (record.state === "SUCCEEDED") {
    thing.state = "READY";
    thing.value = readText(record.result?.value) ?? "";
  } else if (record.state === "FAILED" || record.state === "CANCELLED") {
    thing.state = "FAILED";
  }
  for (;;) {
    const entry = await state.get(key);
    const present: Thing | undefined = entry && JSON.parse(new TextDecoder().decode(entry.value));
    if (present !== undefined && (present.state !== "MAKING" || thing.state === "MAKING")) return;
    try {
      await state.put(key, new TextEncoder().encode(JSON.stringify(thing)), entry?.revision ?? 0n);
      return;
    } catch (error) {
      if (!isPssrError(error, "REVISION_CONFLICT")) throw error;
    }
  }
}
