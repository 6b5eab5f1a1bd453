/** The model version that a committed training has made, read from the files that it left. */
import { isPssrError, type ModelFile, type ModelVersion, PssrError, Training } from "@pssr/api";
import { type ModelManifest, modelFiles, parseModelManifest } from "@pssr/networks";
import type { Abortable, ObjectStore, OperationRecord } from "@pssr/platform";
import { checkpointsPrefix } from "../trainings/checkpoints.js";
import { modelLocation } from "../trainings/training-job.js";
import { isDeleted, type ModelTables } from "./model-records.js";
import { parseReport } from "./report-file.js";

const MOST_JSON_BYTES = 1024 * 1024;

/** Undefined where the operation has not succeeded, or its version was deleted since. Removes the checkpoints, for which there is no use any more. */
export async function committedVersion(
  objects: ObjectStore,
  tables: ModelTables,
  { state, result, project, id }: OperationRecord,
  options: Abortable,
): Promise<ModelVersion | undefined> {
  if (state !== "SUCCEEDED" || result === undefined) return undefined;
  const attemptPrefix = `operations/${project}/${id}/${result.attempt}/`;
  await objects.deletePrefix(checkpointsPrefix(attemptPrefix), options);
  const training = Training.decode(result.value.bytes);
  try {
    return await readVersion(objects, modelLocation(attemptPrefix), training, options);
  } catch (error) {
    // A deletion hides the version before it removes the files.
    if (isPssrError(error, "NOT_FOUND") && (await isDeleted(tables, training.modelVersion, options))) return undefined;
    throw error;
  }
}

async function readVersion(
  objects: ObjectStore,
  location: string,
  training: Training,
  options: Abortable,
): Promise<ModelVersion> {
  const manifestKey = `${location}${modelFiles.manifest}`;
  const manifest = parseModelManifest(await objects.getBytes(manifestKey, MOST_JSON_BYTES, options));
  const report = parseReport(await objects.getBytes(`${location}${modelFiles.report}`, MOST_JSON_BYTES, options));
  const stat = await objects.stat(manifestKey, options);
  if (stat === undefined) throw new PssrError("NOT_FOUND", `there is no object ${manifestKey} any more`);
  if (manifest.halo === "unbounded") {
    throw new PssrError("INVALID_MODEL", `${training.modelVersion}: this release stores no network of unbounded reach`);
  }
  return {
    name: training.modelVersion,
    training: training.name,
    network: training.network,
    scale: manifest.network.scale,
    inputFrames: manifest.network.frames,
    halo: manifest.halo,
    grid: manifest.grid,
    parameters: BigInt(manifest.parameterCount),
    validation: report && { tiles: BigInt(report.tiles), model: report.model, bilinear: report.bilinear },
    files: [...filesOf(manifest), { filename: modelFiles.manifest, sizeBytes: BigInt(stat.size), sha256: stat.sha256 }],
    createTime: new Date(manifest.createTime),
    location,
  };
}

function filesOf({ files }: ModelManifest): ModelFile[] {
  return Object.entries(files).map(([filename, { sizeBytes, sha256 }]) => ({
    filename,
    sizeBytes: BigInt(sizeBytes),
    sha256,
  }));
}
