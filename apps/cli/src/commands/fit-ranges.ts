/** What a fit looks for: the ranges that its progress gives numbers of, and names for them that a line has room for. */
import { type Operation, operationName, type ParameterRange } from "@pssr/api";
import type { Context } from "../context.js";

/** Of the fit that an operation makes, in the order in which its progress gives their numbers. */
export async function rangesOf(
  { client, signal }: Context,
  operation: Pick<Operation, "name">,
): Promise<ParameterRange[]> {
  const { project, operation: id } = operationName.parse(operation.name);
  const name = `projects/${project}/fits/${id.replace(/^fit-/, "")}`;
  return (await client.fits.getFit({ name }, { signal })).ranges;
}

/** "detector[0].mix.value" is "mix", "detector[0].mix.spread" "mix.spread"; where two would be one, both keep their steps. */
export function shortNames(ranges: readonly Pick<ParameterRange, "path">[]): string[] {
  const whole = ranges.map(({ path }) => path.replace(/\.value$/, ""));
  const short = whole.map((path) => path.replace(/^[a-z]+\[\d+\]\./, ""));
  return short.map((name, n) => (short.indexOf(name) === short.lastIndexOf(name) ? name : whole[n]!));
}
