/** report.json of a model version, read back: how well it does on the tiles held back from its training. */
import { PssrError } from "@pssr/api";
import type { Quality } from "../learning/validation.js";
import type { Report } from "../process/messages.js";

/**
 * Undefined for the report of a training that held nothing back. Throws INVALID_MODEL for what is no report, and for one of a
 * newer release.
 */
export function parseReport(bytes: Uint8Array): Report | undefined {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (cause) {
    throw invalid("no JSON", cause);
  }
  if (value === null) return undefined;
  const report = fieldsOf(value, "it");
  if (report.schemaVersion !== 1) {
    throw invalid(
      `schemaVersion is ${JSON.stringify(report.schemaVersion)}; this release reads 1: use a newer release`,
    );
  }
  return {
    schemaVersion: 1,
    tiles: numberOf(report.tiles, "tiles"),
    model: qualityOf(report.model, "model"),
    bilinear: qualityOf(report.bilinear, "bilinear"),
    steps: numberOf(report.steps, "steps"),
    trainingSeconds: numberOf(report.trainingSeconds, "trainingSeconds"),
  };
}

function qualityOf(value: unknown, path: string): Quality {
  const { psnr, ssim } = fieldsOf(value, path);
  return { psnr: numberOf(psnr, `${path}.psnr`), ssim: numberOf(ssim, `${path}.ssim`) };
}

function fieldsOf(value: unknown, path: string): Record<string, unknown> {
  if (typeof value === "object" && value !== null) return value as Record<string, unknown>;
  throw invalid(`${path} is no object`);
}

function numberOf(value: unknown, path: string): number {
  if (typeof value === "number") return value;
  throw invalid(`${path} is no number`);
}

function invalid(problem: string, cause?: unknown): PssrError {
  return new PssrError("INVALID_MODEL", `report.json: ${problem}`, { cause });
}
