/**
 * A training's state as a file (safetensors): weights, both moments of the optimiser, and where the schedule stands. What
 * is drawn at random in a training (first weights, batches) follows from seed and step, so there is no other state.
 */
import { PssrError } from "@pssr/api";
import { type Network, networkParameters, parameterSize, readSafetensors, writeSafetensors } from "@pssr/networks";
import type { AdamWState } from "./adamw.js";
import type { TrainingPosition } from "./schedule.js";

export interface Checkpoint {
  position: TrainingPosition;
  optimizer: AdamWState;
}

/** A newer release reads the older versions; see `readCheckpoint`. */
const version = "1";
const parts = ["weights", "mean", "square"] as const;

export function writeCheckpoint(network: Network, { position, optimizer }: Checkpoint): Uint8Array<ArrayBuffer> {
  const tensors = new Map<string, { shape: readonly number[]; values: Float32Array }>();
  for (const part of parts) {
    let offset = 0;
    for (const parameter of networkParameters(network)) {
      const size = parameterSize(parameter);
      const values = optimizer[part].subarray(offset, offset + size);
      tensors.set(`${part}/${parameter.name}`, { shape: parameter.shape, values });
      offset += size;
    }
  }
  const metadata = {
    format: "pssr-checkpoint",
    version,
    network: JSON.stringify(network.config),
    step: String(position.step),
    elapsed_seconds: String(position.elapsedSeconds),
    updates: String(optimizer.step),
  };
  return writeSafetensors({ tensors, metadata }) as Uint8Array<ArrayBuffer>;
}

/** Throws `INVALID_MODEL` for a damaged file, and for the checkpoint of another network. */
export function readCheckpoint(network: Network, file: Uint8Array): Checkpoint {
  const { tensors, metadata } = readSafetensors(file);
  if (metadata.format !== "pssr-checkpoint" || metadata.version !== version) {
    throw invalid(`expected a checkpoint of version ${version}, found ${metadata.format} ${metadata.version}`);
  }
  const [step, elapsedSeconds, updates] = [metadata.step, metadata.elapsed_seconds, metadata.updates].map(Number);
  if (![step, elapsedSeconds, updates].every((value) => Number.isFinite(value) && value! >= 0)) {
    throw invalid("step, time or number of updates is no number");
  }
  const parameters = networkParameters(network);
  const size = parameters.reduce((sum, parameter) => sum + parameterSize(parameter), 0);
  const gather = (part: (typeof parts)[number]): Float32Array => {
    const gathered = new Float32Array(size);
    let offset = 0;
    for (const { name, shape } of parameters) {
      const tensor = tensors.get(`${part}/${name}`);
      if (tensor === undefined || tensor.shape.join() !== shape.join()) {
        throw invalid(`${part}/${name} is missing or not [${shape.join(", ")}]: is it of another network?`);
      }
      gathered.set(tensor.values, offset);
      offset += tensor.values.length;
    }
    return gathered;
  };
  return {
    position: { step: step!, elapsedSeconds: elapsedSeconds! },
    optimizer: { step: updates!, weights: gather("weights"), mean: gather("mean"), square: gather("square") },
  };
}

function invalid(problem: string): PssrError {
  return new PssrError("INVALID_MODEL", `checkpoint: ${problem}`);
}
