/**
 * The paths of ranges and optional steps, held against their own template: whoever writes `detector[0].mix.value` where a camera stands is told
 * what this template has, and whoever names something twice, that it is there twice.
 */
import type { PssrError } from "@pssr/api";
import { type Crappifier, steps } from "@pssr/crappifiers";
import { refuse } from "../refuse.js";

/** Of how many parameters a refusal tells the names. */
const mostNames = 24;
/** Of what a caller gave as a path. */
const mostCharacters = 80;

/** Throws INVALID_FIELD with `ranges[n].path` or `optional_steps[n]` as the field. */
export function checkPaths(paths: readonly string[], optionalSteps: readonly string[], template: Crappifier): void {
  const [stepsThere, parameters] = [stepPaths(template), parameterPaths(template)];
  paths.forEach((path, n) => {
    const field = `ranges[${n}].path`;
    const [, parameter = path] = /^(.*)\.(?:value|spread)$/.exec(path) ?? [];
    if (!parameters.includes(parameter)) throw unknownParameter(field, path, parameters);
    if (parameter === path) throw refuse(field, `"${shown(path)}" needs .value or .spread behind it`);
    if (paths.indexOf(path) < n) throw refuse(field, `${path} is there twice; give it one range`);
  });
  optionalSteps.forEach((path, n) => {
    const field = `optional_steps[${n}]`;
    if (!stepsThere.includes(path)) {
      throw refuse(field, `"${shown(path)}" is no step of this template; it has ${stepsThere.join(", ") || "none"}`);
    }
    if (optionalSteps.indexOf(path) < n) throw refuse(field, `${path} is there twice; name it once`);
  });
}

function unknownParameter(field: string, path: string, parameters: readonly string[]): PssrError {
  const problem = `"${shown(path)}" is no parameter of this template`;
  if (parameters.length === 0) {
    return refuse(field, `${problem}; it has none that can be looked for: leave the ranges out, or take another one`);
  }
  const names = parameters.slice(0, mostNames).join(", ");
  const more = parameters.length > mostNames ? `, and ${parameters.length - mostNames} more` : "";
  return refuse(field, `${problem}; it has ${names}${more}, each with .value or .spread behind it`);
}

/** "detector[0].photons": what an external step's parameters may be, its server alone knows. */
function parameterPaths(template: Crappifier): string[] {
  return stagesOf(template).flatMap(({ path, kind }) =>
    kind === "external" ? [] : Object.keys(steps[kind].parameters).map((name) => `${path}.${name}`),
  );
}

/** "detector[0]" */
function stepPaths(template: Crappifier): string[] {
  return stagesOf(template).map(({ path }) => path);
}

function stagesOf({ optics, detector }: Crappifier) {
  return Object.entries({ optics, detector }).flatMap(([stage, own]) =>
    own.map(({ kind }, index) => ({ path: `${stage}[${index}]`, kind })),
  );
}

function shown(path: string): string {
  return path.slice(0, mostCharacters);
}
