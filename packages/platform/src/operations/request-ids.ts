/**
 * A request_id belongs to one request: it begins one operation of its kind in a project, whatever id its caller chooses for the
 * resource. Within a process that holds at any moment; of what another process has begun this one knows as soon as its index does.
 */
import { operationName, PssrError } from "@pssr/api";
import type { IndexedRecord } from "./view.js";

type Begun = Pick<IndexedRecord, "project" | "id" | "kind" | "requestId" | "deleted">;

export class RequestIds {
  /** What is about to be written, and is in the index then. */
  readonly #underWay = new Set<Begun>();

  constructor(private readonly index: { entries(): Iterable<{ record: Begun }> }) {}

  /** ALREADY_EXISTS where the record's request_id has begun another operation; else it is the record's until `release` of it. */
  take(record: Begun): void {
    if (record.requestId !== "") {
      for (const one of this.#underWay) check(record, one);
      for (const entry of this.index.entries()) check(record, entry.record);
    }
    this.#underWay.add(record);
  }

  release(record: Begun): void {
    this.#underWay.delete(record);
  }
}

function check(record: Begun, other: Begun): void {
  const { requestId, kind, project, id } = record;
  const isOfOther = other.requestId !== requestId || other.kind !== kind || other.project !== project;
  if (isOfOther || other.id === id || other.deleted) return;
  const operation = operationName.format({ project, operation: other.id });
  throw new PssrError(
    "ALREADY_EXISTS",
    `request_id: ${JSON.stringify(requestId)} has begun another operation (${operation}); give a new request its own, or repeat that one exactly, with the id that it gave`,
    { field: "request_id", metadata: { operation } },
  );
}
