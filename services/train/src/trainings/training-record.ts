/** What the state store keeps of a training: the contract's message in its JSON form, which newer releases read. */
import { isPssrError, Training, Training_State } from "@pssr/api";
import type { Abortable, ObjectStore, OperationRecord, RecordKey, RecordTable, VersionedRecord } from "@pssr/platform";
import { LossCurve } from "./loss-curve.js";

/** A loss curve that has been stored, and how far it goes. */
export interface StoredCurve {
  /** Object key. */
  readonly key: string;
  readonly attempt: number;
  readonly step: number;
}

export interface TrainingRecord extends VersionedRecord {
  /** JSON of pssr.v1.Training. */
  readonly training: unknown;
  /** Of the request that made it; "": it had none. */
  readonly requestId: string;
  /** The loss curve so far. */
  readonly curve?: StoredCurve;
}

export function fromTrainingRecord({ training, curve }: TrainingRecord): Training {
  const message = Training.fromJSON(training);
  return message.steps === 0n ? { ...message, steps: BigInt(curve?.step ?? 0) } : message;
}

const states = {
  PENDING: Training_State.STATE_ACTIVE,
  RUNNING: Training_State.STATE_ACTIVE,
  SUCCEEDED: Training_State.STATE_SUCCEEDED,
  FAILED: Training_State.STATE_FAILED,
  CANCELLED: Training_State.STATE_CANCELLED,
} as const;

/** The training as its operation has it: as asked for, or as it ended. */
export function trainingOf(operation: OperationRecord): Training {
  const bytes = operation.result?.value.bytes ?? operation.request.bytes;
  const createTime = new Date(operation.times.submittedMs);
  return { ...Training.decode(bytes), state: states[operation.state], createTime };
}

/** Where an attempt that succeeded has left the whole curve. */
export function finalCurveKey(attemptPrefix: string): string {
  return `${attemptPrefix}losses`;
}

/**
 * Brings the training's record in line with its operation; a training that has ended never turns back. All processes do it at
 * once: whoever is late reads again what is there by then.
 */
export async function materialiseTraining(
  table: RecordTable<TrainingRecord>,
  objects: ObjectStore,
  operation: OperationRecord,
  options: Abortable,
): Promise<void> {
  for (;;) {
    try {
      return await bringInLine(table, objects, operation, options);
    } catch (error) {
      if (!isPssrError(error, "REVISION_CONFLICT")) throw error;
    }
  }
}

async function bringInLine(
  table: RecordTable<TrainingRecord>,
  objects: ObjectStore,
  operation: OperationRecord,
  options: Abortable,
): Promise<void> {
  const training = trainingOf(operation);
  const key = keyOf(operation);
  const present = await table.get(key, options);
  if (present !== undefined) {
    const { state } = fromTrainingRecord(present.record);
    if (state !== Training_State.STATE_ACTIVE || training.state === Training_State.STATE_ACTIVE) return;
  }
  const curve = await curveOf(objects, operation, training, present?.record.curve, options);
  const record: TrainingRecord = {
    schemaVersion: 1,
    training: Training.toJSON(training),
    requestId: operation.requestId,
    ...(curve && { curve }),
  };
  await table.put(key, record, present?.revision ?? 0n, options);
}

/** The curve of an ended training must outlive the objects of attempts that came to nothing, which are removed one day. */
async function curveOf(
  objects: ObjectStore,
  { project, id, resource, result }: OperationRecord,
  training: Training,
  curve: StoredCurve | undefined,
  options: Abortable,
): Promise<StoredCurve | undefined> {
  if (result !== undefined) {
    const { attempt } = result;
    return { key: finalCurveKey(`operations/${project}/${id}/${attempt}/`), attempt, step: Number(training.steps) };
  }
  if (curve === undefined || training.state === Training_State.STATE_ACTIVE) return curve;
  const key = `trainings/${project}/${resource}/losses-${curve.attempt}-${curve.step}`;
  try {
    await objects.put(key, await objects.getBytes(curve.key, LossCurve.mostBytes, options), options);
    return { ...curve, key };
  } catch (error) {
    // An end without its curve is better than none.
    if (isPssrError(error, "NOT_FOUND") || isPssrError(error, "OBJECT_CORRUPT")) return undefined;
    throw error;
  }
}

/** Remembers how far the loss curve goes by now; what a later attempt has said, and the end, stay. */
export async function rememberCurve(
  table: RecordTable<TrainingRecord>,
  operation: OperationRecord,
  curve: StoredCurve,
  options: Abortable,
): Promise<void> {
  for (;;) {
    const present = await table.get(keyOf(operation), options);
    // Where there is no record yet the sweeper makes it; the next checkpoint remembers the curve.
    if (present === undefined || (present.record.curve?.attempt ?? 0) > curve.attempt) return;
    if (fromTrainingRecord(present.record).state !== Training_State.STATE_ACTIVE) return;
    try {
      await table.put(present.key, { ...present.record, curve }, present.revision, options);
      return;
    } catch (error) {
      if (!isPssrError(error, "REVISION_CONFLICT")) throw error;
    }
  }
}

function keyOf({ project, resource }: OperationRecord): RecordKey {
  return { project, id: resource };
}
