/** What an evaluation's operation is to do. Images are told by id: a hundred pairs of full names would be too long a record. */
import { PssrError } from "@pssr/api";
import type { TypedBytes } from "@pssr/platform";
import type { PairIds } from "./evaluation-record.js";

export interface EvaluationSpec {
  readonly schemaVersion: 1;
  readonly pairs: readonly PairIds[];
}

const specType = "application/json; message=pssr.predict.EvaluationSpec";

export function encodeSpec(spec: EvaluationSpec): TypedBytes {
  return { type: specType, bytes: new TextEncoder().encode(JSON.stringify(spec)) };
}

/** Throws RECORD_TOO_NEW for what a newer release wrote. */
export function decodeSpec({ bytes }: TypedBytes): EvaluationSpec {
  const spec = JSON.parse(new TextDecoder().decode(bytes)) as { schemaVersion: number };
  if (spec.schemaVersion !== 1) {
    throw new PssrError(
      "RECORD_TOO_NEW",
      `an evaluation's request has schema version ${spec.schemaVersion}, this release reads version 1: run a newer release`,
    );
  }
  return spec as EvaluationSpec;
}
