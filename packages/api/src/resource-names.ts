/**
 * Resource names, `projects/{project}/images/{image}` and the like: made, taken apart and checked in one place.
 *
 *     imageName.parse("projects/em/images/scan-07")   // { project: "em", image: "scan-07" }
 *     imageName.format({ project: "em", image: "scan-07" })
 */
import { randomBytes } from "node:crypto";
import { PssrError } from "./pssr-error.js";

const idPattern = /^[a-z0-9][a-z0-9-]*$/;
const idRule = 'an id is 1 to 63 characters of a-z, 0-9 and "-", beginning with a letter or digit';
const maximumIdLength = 63;
/** The id of an operation is its kind, "-" and the id of what it makes: both must fit. */
export const maximumKindLength = 20;
const maximumOperationIdLength = maximumKindLength + 1 + maximumIdLength;

function isId(id: string, maximumLength = maximumIdLength): boolean {
  return id.length <= maximumLength && idPattern.test(id);
}

/** Checks a client-chosen id. Throws INVALID_FIELD naming `field`. */
export function checkId(id: string, field: string): string {
  if (!isId(id))
    throw new PssrError("INVALID_FIELD", `${field}: "${id.slice(0, 80)}" is no valid id; ${idRule}`, { field });
  return id;
}

/** A new random id, 16 characters: for resources whose creator chose none. */
export function randomId(): string {
  return BigInt(`0x${randomBytes(10).toString("hex")}`)
    .toString(36)
    .padStart(16, "0")
    .slice(-16);
}

/** Makes an id of any text: "Scan 07.TIF" → "scan-07-tif". Empty when the text holds no letter or digit. */
export function idFrom(text: string): string {
  return text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "")
    .slice(0, maximumIdLength)
    .replace(/-+$/, "");
}

export interface NamePattern<Key extends string> {
  readonly pattern: string;
  /** Takes a name apart. Throws INVALID_FIELD naming `field` (default "name"). */
  parse(name: string, field?: string): Record<Key, string>;
  format(parts: Record<Key, string>): string;
}

function namePattern<Key extends string>(pattern: string): NamePattern<Key> {
  const segments = pattern.split("/");
  return {
    pattern,
    parse(name, field = "name") {
      const given = name.split("/");
      const parts = {} as Record<Key, string>;
      const fits =
        given.length === segments.length &&
        segments.every((segment, i) => {
          if (!segment.startsWith("{")) return segment === given[i];
          parts[segment.slice(1, -1) as Key] = given[i]!;
          return isId(given[i]!, segment === "{operation}" ? maximumOperationIdLength : maximumIdLength);
        });
      if (!fits)
        throw new PssrError(
          "INVALID_FIELD",
          `${field}: "${name.slice(0, 200)}" does not have the form ${pattern}; ${idRule}`,
          { field },
        );
      return parts;
    },
    format(parts) {
      return segments
        .map((segment) => (segment.startsWith("{") ? parts[segment.slice(1, -1) as Key] : segment))
        .join("/");
    },
  };
}

export const projectName = namePattern<"project">("projects/{project}");
export const uploadName = namePattern<"project" | "upload">("projects/{project}/uploads/{upload}");
export const imageName = namePattern<"project" | "image">("projects/{project}/images/{image}");
export const datasetName = namePattern<"project" | "dataset">("projects/{project}/datasets/{dataset}");
export const crappifierName = namePattern<"project" | "crappifier">("projects/{project}/crappifiers/{crappifier}");
export const trainingName = namePattern<"project" | "training">("projects/{project}/trainings/{training}");
export const modelName = namePattern<"project" | "model">("projects/{project}/models/{model}");
export const modelVersionName = namePattern<"project" | "model" | "version">(
  "projects/{project}/models/{model}/versions/{version}",
);
export const predictionName = namePattern<"project" | "prediction">("projects/{project}/predictions/{prediction}");
export const evaluationName = namePattern<"project" | "evaluation">("projects/{project}/evaluations/{evaluation}");
export const fitName = namePattern<"project" | "fit">("projects/{project}/fits/{fit}");
export const operationName = namePattern<"project" | "operation">("projects/{project}/operations/{operation}");
