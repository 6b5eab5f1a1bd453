/** A dataset's manifest as it comes back from the object store: its schema's version is checked before anything is believed. */
import { PssrError } from "@pssr/api";
import type { DatasetManifest } from "./dataset-record.js";

/** Throws OBJECT_CORRUPT, naming `object`, for what is no manifest or one of a newer release. */
export function readManifest(object: string, bytes: Uint8Array): DatasetManifest {
  let content: unknown;
  try {
    content = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (error) {
    throw new PssrError("OBJECT_CORRUPT", `${object} is no JSON; create the dataset again`, { cause: error });
  }
  if (!isManifest(content)) {
    throw new PssrError(
      "OBJECT_CORRUPT",
      `${object} is no dataset manifest of schema version 1, which this release reads; a newer release may have written it`,
    );
  }
  return content;
}

function isManifest(content: unknown): content is DatasetManifest {
  return (
    typeof content === "object" &&
    content !== null &&
    "schemaVersion" in content &&
    content.schemaVersion === 1 &&
    "images" in content &&
    Array.isArray(content.images)
  );
}
