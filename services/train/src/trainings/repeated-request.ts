/** Tells a repeated request from a new one, also when the defaults have changed and the dataset is gone since. */
import { Training } from "@pssr/api";

/** Whether all that `asked` says is what the `resolved` training was made with. What it leaves open cannot differ. */
export function asksForSame(asked: Training, resolved: Training): boolean {
  const name = asked.crappifier?.named?.value ?? "";
  return isPart(wishes(asked, name), wishes(resolved, resolved.crappifierSource));
}

/** What a caller decides, as JSON, which leaves out what has no value. A crappifier's name counts as the source of its numbers. */
function wishes({ dataset, crappifier, network, learning, model }: Training, crappifierSource: string): unknown {
  const numbers = crappifier && { ...crappifier, named: undefined };
  return Training.toJSON(
    Training.fromPartial({ dataset, crappifier: numbers, crappifierSource, network, learning, model }),
  );
}

function isPart(part: unknown, whole: unknown): boolean {
  if (typeof part !== "object" || part === null) return part === whole;
  if (typeof whole !== "object" || whole === null) return false;
  if (Array.isArray(part) && (!Array.isArray(whole) || part.length !== whole.length)) return false;
  const values = whole as Record<string, unknown>;
  return Object.entries(part).every(([key, value]) => isPart(value, values[key]));
}
