/** A crappifier that may be called by a name, written out in numbers: whoever takes one in does this at once, and only once. */
import { type Crappifier as CrappifierMessage, crappifierName, PssrError } from "@pssr/api";
import { fromCrappifierMessage, fromSampling } from "./message.js";
import { parseCrappifier } from "./parse-crappifier.js";
import { presetNamed } from "./presets/registry.js";
import type { Crappifier } from "./spec.js";

/** Finds a saved crappifier by its full resource name; undefined: there is none. */
export type FindSaved = (name: string) => Promise<Crappifier | undefined>;

export interface ResolvedCrappifier {
  crappifier: Crappifier;
  /** The name that it was called by, of a saved one or a preset; "": it was given in numbers. */
  source: string;
}

/**
 * @param path Where it stands in the request, for the error: `crappifier`.
 * @param project Of what the crappifier is for; a saved one must be of the same.
 * @throws PssrError INVALID_FIELD with the path of the wrong field; NOT_FOUND for `saved`.
 */
export async function resolveCrappifier(
  message: CrappifierMessage | undefined,
  path: string,
  project: string,
  findSaved: FindSaved,
): Promise<ResolvedCrappifier> {
  const named = message?.named;
  if (message === undefined || named === undefined) {
    return { crappifier: fromCrappifierMessage(message, path), source: "" };
  }
  const field = `${path}.${named.$case}`;
  for (const stage of ["optics", "detector"] as const) {
    if (message[stage].length === 0) continue;
    throw new PssrError(
      "INVALID_FIELD",
      `${path}.${stage}: "${named.value}" has steps of its own; give steps or a name, not both`,
      { field: `${path}.${stage}` },
    );
  }
  const { optics, sampling, detector } =
    named.$case === "preset"
      ? presetNamed(named.value, field).crappifier
      : await savedNamed(named.value, field, project, findSaved);
  const changed = { ...sampling, ...(message.sampling && fromSampling(message.sampling, path)) };
  return { crappifier: parseCrappifier({ optics, sampling: changed, detector }, path), source: named.value };
}

/** Of a saved crappifier's name that stands at `field`. */
export function missingCrappifier(name: string, field: string): PssrError {
  return new PssrError(
    "NOT_FOUND",
    `${field}: there is no saved crappifier "${name}"; \`pssr crappifiers list\` (ListCrappifiers) names those there are`,
    { field },
  );
}

async function savedNamed(name: string, field: string, project: string, find: FindSaved): Promise<Crappifier> {
  if (crappifierName.parse(name, field).project !== project) {
    throw new PssrError(
      "INVALID_FIELD",
      `${field}: "${name}" lies in another project than what it is for; save it in projects/${project} too`,
      { field },
    );
  }
  const saved = await find(name);
  if (saved === undefined) throw missingCrappifier(name, field);
  return saved;
}
