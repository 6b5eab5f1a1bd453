/**
 * A crappifier of which some numbers are to be found: a specification, ranges for parameters of its steps by their paths in it,
 * and steps that may be left out. Each point of the search is one crappifier:
 *
 *     const template = new CrappifierTemplate(spec, [{ path: "detector[0].mix.value", min: 0.2, max: 4, scale: "LOG" }], []);
 *     const crappifier = template.at({ "detector[0].mix.value": 1.3 });
 */
import { isPssrError } from "@pssr/api";
import {
  type Crappifier,
  parseCrappifier,
  type StepKind,
  type StepParameter,
  type StepSpec,
  steps,
} from "@pssr/crappifiers";
import { refuse } from "../refuse.js";
import { type Point, type Range, SearchSpace } from "../search/search-space.js";
import { MOST_SOBOL_DIMENSIONS } from "../search/sobol.js";
import { checkPaths } from "./check-paths.js";

export interface ParameterRange {
  /** `stage[index].parameter.value` or `.spread`, such as `detector[0].mix.value`. */
  path: string;
  /** In the parameter's unit, inclusive; `min` lies below `max`. */
  min: number;
  max: number;
  /** LOG: ratios count rather than differences. */
  scale: "LINEAR" | "LOG";
}

/** Where a parameter stands. */
interface Place {
  stage: "optics" | "detector";
  index: number;
  name: string;
  part: "value" | "spread";
}

const rangePath = /^(optics|detector)\[(\d+)\]\.(\w+)\.(value|spread)$/;

export class CrappifierTemplate {
  readonly space: SearchSpace;
  readonly #spec: Crappifier;
  readonly #places: ReadonlyMap<string, Place>;
  readonly #optional: readonly string[];

  /**
   * @param spec Its numbers are those of what is not searched.
   * @param optional Paths of steps that may be left out, such as `detector[1]`.
   * @throws PssrError INVALID_FIELD with `ranges[i]…` or `optional_steps[i]` as the field: paths that lead nowhere, twice or to
   *   a step of another server; bounds that are empty, beyond those of the parameter, or with what no crappifier takes, such as
   *   half a bit; nothing or too much to be found.
   */
  constructor(spec: Crappifier, ranges: readonly ParameterRange[], optional: readonly string[]) {
    this.#spec = spec;
    this.#optional = optional;
    const dimensions = ranges.length + optional.length;
    if (dimensions === 0 || dimensions > MOST_SOBOL_DIMENSIONS) {
      const what = dimensions === 0 ? "there is nothing to be found" : `${dimensions} things to be found are too many`;
      throw refuse("ranges", `${what}; give 1 to ${MOST_SOBOL_DIMENSIONS} ranges and steps that may be left out`);
    }
    const paths = ranges.map(({ path }) => path);
    checkPaths(paths, optional, spec);
    this.#places = new Map(paths.map((path) => [path, placeAt(path)]));
    ranges.forEach((range, i) => this.#check(range, `ranges[${i}]`));
    this.space = new SearchSpace(
      ranges.map((range) => this.#rangeOf(range)),
      optional.map((name) => ({ name })),
    );
    this.#checkCrappifiers(ranges);
  }

  /** The crappifier of a point, without the steps that are left out there. */
  at(point: Point): Crappifier {
    const stage = (name: Place["stage"]) =>
      this.#steps(name).flatMap((step, index): StepSpec[] => {
        if (point[`${name}[${index}]`] === 0) return [];
        const changed: Record<string, unknown> = { ...step };
        for (const [path, place] of this.#places) {
          if (place.stage !== name || place.index !== index) continue;
          changed[place.name] = { ...(changed[place.name] as object), [place.part]: point[path] };
        }
        return [changed as unknown as StepSpec];
      });
    return { optics: stage("optics"), sampling: this.#spec.sampling, detector: stage("detector") };
  }

  /** The template's own numbers as a point, with all steps; held within the ranges. */
  get start(): Point {
    const found = this.space.ranges.map(({ name, min, max }): [string, number] => {
      const { stage, index, name: parameter, part } = this.#places.get(name)!;
      const step = this.#steps(stage)[index] as unknown as Record<string, Record<string, number>>;
      return [name, Math.min(Math.max(step[parameter]![part]!, min), max)];
    });
    return Object.fromEntries([...found, ...this.#optional.map((path): [string, number] => [path, 1])]);
  }

  /** What the parameter of a range can be at all, inclusive. */
  boundsOf(path: string): { min: number; max: number } {
    const place = this.#places.get(path)!;
    return boundsOf(place.part, this.#parameter(place));
  }

  /** Of what kind a range's parameter is: `poisson.mix`; of a spread, `poisson.mix.spread`. */
  parameterOf(path: string): string {
    const { stage, index, name, part } = this.#places.get(path)!;
    const { kind } = this.#steps(stage)[index]!;
    return part === "value" ? `${kind}.${name}` : `${kind}.${name}.${part}`;
  }

  #steps(stage: Place["stage"]): readonly StepSpec[] {
    return this.#spec[stage];
  }

  #check({ path, min, max, scale }: ParameterRange, field: string): void {
    const bounds = this.boundsOf(path);
    if (!(min >= bounds.min && max <= bounds.max && min < max)) {
      throw refuse(
        field,
        `${path} from ${min} to ${max}: give two numbers from ${bounds.min} to ${bounds.max}, the second above the first`,
      );
    }
    if (scale === "LOG" && !(min > 0)) {
      throw refuse(`${field}.min`, `${path} from ${min}: a logarithmic range begins above 0`);
    }
  }

  /** What a fit tries is told by crappify's own rules now, and not by crappify when the fit is at work. */
  #checkCrappifiers(ranges: readonly ParameterRange[]): void {
    const { start } = this;
    const ends = ranges.flatMap(({ path, min, max }) => [min, max].map((end) => ({ ...start, [path]: end })));
    for (const point of [start, ...ends]) {
      try {
        parseCrappifier(this.at(point), "template");
      } catch (error) {
        if (!isPssrError(error)) throw error;
        const n = ranges.findIndex(({ path }) => error.field === `template.${path}`);
        throw refuse(n < 0 ? "ranges" : `ranges[${n}]`, `it leads to what no crappifier takes: ${error.message}`);
      }
    }
  }

  #rangeOf({ path, ...range }: ParameterRange): Range {
    const place = this.#places.get(path)!;
    const step = `${place.stage}[${place.index}]`;
    const known = this.#parameter(place);
    const isValue = place.part === "value";
    // Spreads are deviations themselves.
    const acts = isValue ? known.acts : "BY_SQUARE";
    const relativeTo = isValue && known.relativeTo !== undefined && `${step}.${known.relativeTo}.value`;
    return {
      name: path,
      ...range,
      ...(known.whole && isValue && { whole: true }),
      ...(acts !== undefined && { acts }),
      ...(relativeTo && this.#places.has(relativeTo) && { relativeTo }),
      ...(this.#optional.includes(step) && { switch: step }),
    };
  }

  #parameter({ stage, index, name }: Place): StepParameter {
    // No path leads to another server's step.
    const kind = this.#steps(stage)[index]!.kind as StepKind;
    const known: Readonly<Record<string, StepParameter>> = steps[kind].parameters;
    return known[name]!;
  }
}

/** Of a path that leads somewhere. */
function placeAt(path: string): Place {
  const [, stage, index, name, part] = rangePath.exec(path)!;
  return { stage, index: Number(index), name, part } as Place;
}

function boundsOf(part: Place["part"], { min, max }: StepParameter): { min: number; max: number } {
  return part === "spread" ? { min: 0, max: max - min } : { min, max };
}
