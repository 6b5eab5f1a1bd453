/** A crappifier that may be called by a name, written out in numbers: whoever takes one in does this at once, and only once. */
import { type Crappifier as CrappifierMessage, PssrError } from "@pssr/api";
import { fromCrappifierMessage, fromSampling } from "./message.js";
import { parseCrappifier } from "./parse-crappifier.js";
import { presetNamed } from "./presets/registry.js";
import type { Crappifier } from "./spec.js";

/** Finds a saved crappifier by its full resource name. Fails with NOT_FOUND, naming `field`. */
export type FindSaved = (name: string, field: string) => Promise<Crappifier>;

export interface ResolvedCrappifier {
  crappifier: Crappifier;
  /** The name that it was called by, of a saved one or a preset; "": it was given in numbers. */
  source: string;
}

/**
 * @param path Where it stands in the request, for the error: `crappifier`.
 * @throws PssrError INVALID_FIELD with the path of the wrong field; NOT_FOUND for `saved`.
 */
export async function resolveCrappifier(
  message: CrappifierMessage | undefined,
  path: string,
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
    named.$case === "preset" ? presetNamed(named.value, field).crappifier : await findSaved(named.value, field);
  const changed = { ...sampling, ...(message.sampling && fromSampling(message.sampling, path)) };
  return { crappifier: parseCrappifier({ optics, sampling: changed, detector }, path), source: named.value };
}
