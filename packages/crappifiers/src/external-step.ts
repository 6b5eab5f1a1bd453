/** Steps that other servers take: what they are told, which chains have them, and what may be read of their answers. */
import { PssrError } from "@pssr/api";
import type { Crappifier, ExternalStepSpec, StepSpec } from "./spec.js";
import type { Stage, StageGrid } from "./step.js";

/** One plane for one external step. Plain data: it may cross threads. */
export interface ExternalCall {
  address: string;
  /** Grey values of `height` rows of `width` pixels. */
  pixels: Float32Array;
  height: number;
  width: number;
  black: number;
  white: number;
  /** Of this grid; undefined: unknown. */
  pixelSizeNm: number | undefined;
  /** Drawn for the tile. */
  parameters: Readonly<Record<string, number>>;
  /** All randomness that the step may use: 64 bits that differ for each seed, image, tile, epoch, step and frame. */
  seed: bigint;
}

/** Has an external step taken: resolves to as many pixels, in the same order. */
export type CallExternal = (call: ExternalCall) => Promise<Float32Array>;

/** What a plane for an external step may take: it travels in one message. */
const maximumPlaneBytes = 3 * 1024 * 1024;

export function isExternal(spec: StepSpec): spec is ExternalStepSpec {
  return spec.kind === "external";
}

/** The external steps of a crappifier that stands at `path`, each with its own path. */
export function externalSteps({ optics, detector }: Crappifier, path: string): { path: string; address: string }[] {
  const stages: Record<Stage, readonly StepSpec[]> = { optics, detector };
  return Object.entries(stages).flatMap(([stage, specs]) =>
    specs.flatMap((spec, index) =>
      isExternal(spec) ? [{ path: `${path}.${stage}[${index}]`, address: spec.address }] : [],
    ),
  );
}

export function hasExternalSteps({ optics, detector }: Crappifier): boolean {
  return optics.some(isExternal) || detector.some(isExternal);
}

/** INVALID_FIELD where the plane does not fit into a message. */
export function checkExternalPlane({ height, width }: StageGrid, path: string): void {
  const bytes = 4 * height * width;
  if (bytes <= maximumPlaneBytes) return;
  throw new PssrError(
    "INVALID_FIELD",
    `${path}: a plane of ${height}×${width} is too large for an external step, which takes at most ${maximumPlaneBytes / 4} pixels; use smaller tiles, or put the step into the detector stage, after a larger scale`,
    { field: path },
  );
}

/** EXTERNAL_CRAPPIFIER_FAILED unless there is a finite value for each finite pixel. */
export function checkExternalPixels({ address, pixels, width }: ExternalCall, answer: Float32Array): void {
  if (answer.length !== pixels.length) {
    throw failed(address, `it answered ${answer.length} pixels; ${pixels.length} were expected`);
  }
  for (let n = 0; n < answer.length; n++) {
    if (Number.isFinite(answer[n]) || !Number.isFinite(pixels[n])) continue;
    const place = `row ${Math.floor(n / width)}, column ${n % width}`;
    throw failed(address, `its pixel at ${place} is ${answer[n]}; finite values were expected`);
  }
}

function failed(address: string, problem: string): PssrError {
  return new PssrError("EXTERNAL_CRAPPIFIER_FAILED", `the external crappifier at ${address}: ${problem}`, {
    metadata: { address },
  });
}
