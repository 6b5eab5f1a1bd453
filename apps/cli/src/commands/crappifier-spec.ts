/** Crappifiers as JSON, which people write, keep and pass on, and as one line, which they read. */
import { readFile } from "node:fs/promises";
import { type Crappifier as CrappifierMessage, PssrError } from "@pssr/api";
import type { Crappifier, Parameter, StepParameter, steps } from "@pssr/crappifiers";

/** Reads a file with a crappifier's JSON; `scale` takes the place of its own. */
export async function readCrappifier(file: string, scale?: number): Promise<CrappifierMessage> {
  const { parseCrappifier, toCrappifierMessage } = await import("@pssr/crappifiers");
  const { optics, sampling, detector } = parseCrappifier(parseJson(await readText(file), file), file);
  return toCrappifierMessage({ optics, sampling: { ...sampling, ...(scale !== undefined && { scale }) }, detector });
}

/** Without the mark that some editors put before it. */
async function readText(file: string): Promise<string> {
  try {
    return (await readFile(file, "utf8")).replace(/^\uFEFF/, "");
  } catch (error) {
    // That of a folder does not tell which.
    throw Object.assign(error as Error, { path: file });
  }
}

function parseJson(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new PssrError(
      "INVALID_FIELD",
      `${file}: this is no JSON (${(cause as Error).message}); docs/crappifiers.md shows what it takes`,
      { cause },
    );
  }
}

/** The JSON form of a crappifier that a service has completed. */
export async function specOf(message: CrappifierMessage | undefined): Promise<Crappifier> {
  const { fromCrappifierMessage } = await import("@pssr/crappifiers");
  return fromCrappifierMessage(message, "crappifier");
}

/**
 * "gaussian_blur(sigma 2) → ×4 AREA → camera(photons 100, read_noise 1.4 ± 0.2)", in order. What is 0 is left out where that
 * is its default.
 */
export async function chainOf({ optics, sampling, detector }: Crappifier): Promise<string> {
  const { steps: known } = await import("@pssr/crappifiers");
  const texts = (specs: Crappifier["optics"]) => specs.map((step) => stepText(step, known));
  return [...texts(optics), `×${sampling.scale} ${sampling.kernel}`, ...texts(detector)].join(" → ");
}

function stepText(spec: Crappifier["optics"][number], known: typeof steps): string {
  // What an external step's default is, its server alone knows.
  if (spec.kind === "external") return `${spec.kind} ${withNumbers(spec.address, Object.entries(spec.parameters))}`;
  const { kind, ...parameters } = spec;
  const described: Readonly<Record<string, StepParameter>> = known[kind].parameters;
  const told = Object.entries<Parameter>(parameters).filter(
    ([name, { value, spread }]) => value !== 0 || spread !== 0 || described[name]?.default !== 0,
  );
  return withNumbers(kind, told);
}

function withNumbers(name: string, parameters: readonly [string, Parameter][]): string {
  const told = parameters.map(
    ([parameter, { value, spread }]) => `${parameter} ${value}${spread === 0 ? "" : ` ± ${spread}`}`,
  );
  return told.length === 0 ? name : `${name}(${told.join(", ")})`;
}
