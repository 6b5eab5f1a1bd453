/** Crappifiers as JSON, which people write, keep and pass on, and as one line, which they read. */
import { readFile } from "node:fs/promises";
import { type Crappifier as CrappifierMessage, PssrError } from "@pssr/api";
import type { Crappifier, Parameter } from "@pssr/crappifiers";

/** Reads a file with a crappifier's JSON; `scale` takes the place of its own. */
export async function readCrappifier(file: string, scale?: number): Promise<CrappifierMessage> {
  const { parseCrappifier, toCrappifierMessage } = await import("@pssr/crappifiers");
  const { optics, sampling, detector } = parseCrappifier(parseJson(await readFile(file, "utf8"), file), file);
  return toCrappifierMessage({ optics, sampling: { ...sampling, ...(scale !== undefined && { scale }) }, detector });
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

/** "gaussian_blur(sigma 2) → ×4 AREA → camera(photons 100, read_noise 1.4 ± 0.2)": what differs from nothing, in order. */
export function chainOf({ optics, sampling, detector }: Crappifier): string {
  return [...optics.map(stepText), `×${sampling.scale} ${sampling.kernel}`, ...detector.map(stepText)].join(" → ");
}

function stepText(step: Crappifier["optics"][number]): string {
  if (step.kind === "external") return `${step.kind} ${withNumbers(step.address, step.parameters)}`;
  const { kind, ...parameters } = step;
  return withNumbers(kind, parameters);
}

function withNumbers(name: string, parameters: Readonly<Record<string, Parameter>>): string {
  const given = Object.entries(parameters)
    .filter(([, { value, spread }]) => value !== 0 || spread !== 0)
    .map(([parameter, { value, spread }]) => `${parameter} ${value}${spread === 0 ? "" : ` ± ${spread}`}`);
  return given.length === 0 ? name : `${name}(${given.join(", ")})`;
}
