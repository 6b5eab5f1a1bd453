/**
 * model.json: what a model version is and where it came from. Written once; a newer release reads the older, by
 * `schemaVersion`.
 */
import { isPssrError, PssrError } from "@pssr/api";
import type { NetworkConfig } from "./network.js";
import { resolveNetworkConfig } from "./registry.js";

export const manifestSchemaVersion = 1;

/** A manifest is a few KiB; the training and the crappifier in it are a caller's, so there is a limit. */
const maxManifestBytes = 1024 * 1024;

/**
 * The affine map between pixels and what the network sees: an image's black level becomes `black`, its white level
 * `white`. The output is mapped back the same way.
 */
export interface IntensityPolicy {
  readonly kind: "LEVELS";
  readonly black: number;
  readonly white: number;
}

export interface FileDigest {
  readonly sizeBytes: number;
  /** 64 hexadecimal digits, lower case. */
  readonly sha256: string;
}

export interface DatasetDigest {
  /** Resource name: projects/{project}/datasets/{dataset} */
  readonly name: string;
  readonly digest: string;
}

export type JsonObject = { readonly [key: string]: unknown };

/** Where a version came from. */
export interface Provenance {
  readonly intensity: IntensityPolicy;
  /** The training with every default filled in, as JSON of the contract's message; null for an imported model. */
  readonly training: JsonObject | null;
  readonly datasets: readonly DatasetDigest[];
  /** The crappifier resolved to numbers, as JSON of the contract's message; null for an imported model. */
  readonly crappifier: JsonObject | null;
  /** Program and version: `pssr 0.1.0`. */
  readonly createdBy: string;
  /** RFC 3339 in UTC: `2025-01-31T12:00:00.000Z`. */
  readonly createTime: string;
}

export interface ModelManifest extends Provenance {
  readonly schemaVersion: typeof manifestSchemaVersion;
  readonly network: NetworkConfig;
  /** See `receptiveField`: low-resolution pixels. */
  readonly halo: number | "unbounded";
  readonly grid: number;
  readonly parameterCount: number;
  /** Every file but the manifest itself, by name. */
  readonly files: Readonly<Record<string, FileDigest>>;
}

/** Throws `INVALID_MODEL` with the path of what is wrong. */
export function parseModelManifest(bytes: Uint8Array): ModelManifest {
  if (bytes.byteLength > maxManifestBytes) {
    throw invalid("", `${bytes.byteLength} bytes; a manifest has at most ${maxManifestBytes}`);
  }
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (cause) {
    throw invalid("", "no JSON", cause);
  }
  const manifest = toObject(value, "");
  if (manifest.schemaVersion !== manifestSchemaVersion) {
    const found = JSON.stringify(manifest.schemaVersion);
    throw invalid("schemaVersion", `${found}; this release reads ${manifestSchemaVersion}: use a newer release`);
  }
  return {
    schemaVersion: manifestSchemaVersion,
    network: toNetwork(manifest.network),
    halo: manifest.halo === "unbounded" ? "unbounded" : toCount(manifest.halo, "halo", 0),
    grid: toCount(manifest.grid, "grid", 1),
    parameterCount: toCount(manifest.parameterCount, "parameterCount", 0),
    intensity: toIntensity(manifest.intensity),
    training: manifest.training === null ? null : toObject(manifest.training, "training"),
    datasets: toArray(manifest.datasets, "datasets").map((entry, i) => {
      const dataset = toObject(entry, `datasets[${i}]`);
      return {
        name: toText(dataset.name, `datasets[${i}].name`),
        digest: toText(dataset.digest, `datasets[${i}].digest`),
      };
    }),
    crappifier: manifest.crappifier === null ? null : toObject(manifest.crappifier, "crappifier"),
    createdBy: toText(manifest.createdBy, "createdBy"),
    createTime: toTime(manifest.createTime),
    files: Object.fromEntries(
      Object.entries(toObject(manifest.files, "files")).map(([name, entry]) => [
        name,
        toDigest(entry, `files.${name}`),
      ]),
    ),
  };
}

function toNetwork(value: unknown): NetworkConfig {
  const { family, scale, frames, options } = toObject(value, "network");
  const numbers = Object.entries(toObject(options, "network.options")).map(
    ([key, option]) => [key, toNumber(option, `network.options.${key}`)] as const,
  );
  try {
    return resolveNetworkConfig({
      family: toText(family, "network.family"),
      scale: toNumber(scale, "network.scale"),
      frames: toNumber(frames, "network.frames"),
      options: Object.fromEntries(numbers),
    });
  } catch (error) {
    // To the reader of a file, a bad field of it is a bad model, not a bad request.
    if (isPssrError(error, "INVALID_FIELD")) throw invalid("", error.message, error);
    throw error;
  }
}

function toIntensity(value: unknown): IntensityPolicy {
  const { kind, black, white } = toObject(value, "intensity");
  if (kind !== "LEVELS") throw invalid("intensity.kind", `${JSON.stringify(kind)}; expected "LEVELS"`);
  const policy = {
    kind,
    black: toNumber(black, "intensity.black"),
    white: toNumber(white, "intensity.white"),
  } as const;
  if (policy.white <= policy.black) throw invalid("intensity.white", `${policy.white} is not above black`);
  return policy;
}

function toDigest(value: unknown, path: string): FileDigest {
  const { sizeBytes, sha256 } = toObject(value, path);
  if (typeof sha256 !== "string" || !/^[0-9a-f]{64}$/.test(sha256)) {
    throw invalid(`${path}.sha256`, "expected 64 hexadecimal digits");
  }
  return { sizeBytes: toCount(sizeBytes, `${path}.sizeBytes`, 0), sha256 };
}

function toTime(value: unknown): string {
  const text = toText(value, "createTime");
  if (Number.isNaN(Date.parse(text))) throw invalid("createTime", `"${text}" is no time; expected RFC 3339`);
  return text;
}

function toObject(value: unknown, path: string): JsonObject {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw invalid(path, "expected an object");
  return value as JsonObject;
}

function toArray(value: unknown, path: string): unknown[] {
  if (!Array.isArray(value)) throw invalid(path, "expected a list");
  return value;
}

function toText(value: unknown, path: string): string {
  if (typeof value !== "string" || value === "") throw invalid(path, "expected a text");
  return value;
}

function toNumber(value: unknown, path: string): number {
  if (typeof value !== "number" || !Number.isFinite(value)) throw invalid(path, "expected a number");
  return value;
}

function toCount(value: unknown, path: string, minimum: number): number {
  if (typeof value !== "number" || !Number.isSafeInteger(value) || value < minimum) {
    throw invalid(path, `expected a whole number of at least ${minimum}`);
  }
  return value;
}

function invalid(path: string, problem: string, cause?: unknown): PssrError {
  return new PssrError("INVALID_MODEL", `model.json: ${path === "" ? "" : `${path}: `}${problem}`, { cause });
}
