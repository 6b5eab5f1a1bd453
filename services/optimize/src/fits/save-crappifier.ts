/** Saves the crappifier that a fit has found, under the fit's own id. */
import { type Crappifier as CrappifierMessage, fitName, isPssrError, PssrError, projectName } from "@pssr/api";
import type { CallFor } from "@pssr/platform";
import type { Peers } from "../peers.js";

/** The fit's id first; the others for the case that somebody has taken it since the fit began. */
const most = 9;
const longestId = 63;

export interface FitToSave {
  project: string;
  id: string;
  /** The fit's operation, by which a repeated call is known. */
  operation: string;
}

/**
 * Gives its name. May be repeated: it finds what it has saved. Throws ALREADY_EXISTS where all names are taken, INVALID_FIELD for a
 * crappifier that is too large to be kept.
 */
export async function saveCrappifier(
  { project, id, operation }: FitToSave,
  crappifier: CrappifierMessage,
  peers: Peers,
  call: CallFor,
): Promise<string> {
  const description = `Fitted by ${fitName.format({ project, fit: id })}`;
  for (const crappifierId of candidates(id)) {
    const request = {
      parent: projectName.format({ project }),
      crappifierId,
      crappifier: { name: "", crappifier, description, createTime: undefined },
      requestId: operation,
    };
    try {
      return await peers.createCrappifier(request, call);
    } catch (error) {
      if (!isPssrError(error, "ALREADY_EXISTS")) throw error;
    }
  }
  const message = `crappifiers of the names ${id}, ${id}-2 … ${id}-${most} exist, or existed, already; save the fit's result under another name`;
  throw new PssrError("ALREADY_EXISTS", message);
}

function candidates(id: string): string[] {
  const others = Array.from({ length: most - 1 }, (_, n) => `-${n + 2}`);
  return [id, ...others.map((ending) => `${id.slice(0, longestId - ending.length)}${ending}`)];
}
