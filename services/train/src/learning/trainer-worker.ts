/**
 * The inside of a training thread. Every call of TensorFlow blocks the thread, so messages are seen between two steps:
 * there the loop takes batches, writes checkpoints, validates and stops.
 */
import { parentPort, workerData } from "node:worker_threads";
import { isPssrError, PssrError } from "@pssr/api";
import { loadTensorFlow, type TensorFlow } from "./tensorflow.js";
import { Trainer } from "./trainer.js";
import type { TrainingBatch } from "./training-batch.js";
import type { HostMessage, ThreadMessage, ThreadSpec, TrainingEvent } from "./training-events.js";
import { validate } from "./validation.js";

if (parentPort === null) throw new Error("trainer-worker is the body of a worker thread, not a program");
const host = parentPort;

/** Steps over which the rate is measured. */
const rateWindow = 20;

/** What the host has sent and the loop has not used. The host bounds it: it sends ahead a fixed number of batches. */
class Inbox {
  private readonly batches: TrainingBatch[] = [];
  private ended = false;
  private wake: (() => void) | undefined;
  cancelled = false;
  checkpointWanted = false;

  receive(message: HostMessage): void {
    if (message.kind === "batch") this.batches.push(message.batch);
    else if (message.kind === "end") this.ended = true;
    else if (message.kind === "checkpoint") this.checkpointWanted = true;
    else this.cancelled = true;
    this.wake?.();
  }

  take(): TrainingBatch | undefined {
    return this.batches.shift();
  }

  /** True while the loop has nothing to do but wait. */
  get isIdle(): boolean {
    return this.batches.length === 0 && !this.ended && !this.cancelled && !this.checkpointWanted;
  }

  /** True when no batch is left and none will come. */
  get isExhausted(): boolean {
    return this.ended && this.batches.length === 0;
  }

  async arrival(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.wake = resolve;
    });
    this.wake = undefined;
  }
}

const inbox = new Inbox();
host.on("message", (message: HostMessage) => inbox.receive(message));
try {
  await train(workerData as ThreadSpec);
} catch (error) {
  const reason = isPssrError(error) ? error.reason : "INTERNAL";
  const field = isPssrError(error) ? error.field : undefined;
  const message = error instanceof Error ? (isPssrError(error) ? error.message : error.stack!) : String(error);
  post({ kind: "failed", reason, message, ...(field === undefined ? {} : { field }) });
} finally {
  host.close();
}

async function train(spec: ThreadSpec): Promise<void> {
  const tf = loadTensorFlow(spec.threads === undefined ? {} : { threads: spec.threads });
  const trainer = new Trainer(tf, spec.learning, spec.checkpoint);
  try {
    await loop(tf, trainer, spec);
  } finally {
    trainer.dispose();
  }
}

async function loop(tf: TensorFlow, trainer: Trainer, spec: ThreadSpec): Promise<void> {
  let waitSeconds = 0;
  let checkpointed = trainer.position.elapsedSeconds;
  let validated = checkpointed;
  const recent: { at: number; samples: number }[] = [];
  post({ kind: "ready", step: trainer.position.step });

  while (trainer.progress < 1) {
    await nextTurn();
    const waitStart = performance.now();
    while (inbox.isIdle) await inbox.arrival();
    waitSeconds += (performance.now() - waitStart) / 1000;

    const { elapsedSeconds } = trainer.position;
    if (inbox.checkpointWanted || elapsedSeconds - checkpointed >= spec.checkpointEverySeconds) {
      inbox.checkpointWanted = false;
      postCheckpoint(trainer);
      checkpointed = elapsedSeconds;
    }
    // After the checkpoint, so that a host that asks for both gets both.
    if (inbox.cancelled) {
      post({ kind: "cancelled" });
      return;
    }
    if (elapsedSeconds - validated >= spec.validateEverySeconds) {
      postValidation(trainer, spec);
      validated = trainer.position.elapsedSeconds;
    }
    const batch = inbox.take();
    if (batch === undefined) {
      if (inbox.isExhausted) throw endedEarly(trainer);
      continue;
    }
    post({ kind: "taken" });
    recent.push({ at: performance.now(), samples: batch.samples });
    if (recent.length > rateWindow) recent.shift();
    const report = trainer.learn(batch);
    const samples = recent.reduce((sum, entry) => sum + entry.samples, 0);
    const samplesPerSecond = samples / ((performance.now() - recent[0]!.at) / 1000);
    const { position, progress } = trainer;
    postEvent({
      kind: "progress",
      ...report,
      progress,
      samplesPerSecond,
      waitSeconds,
      elapsedSeconds: position.elapsedSeconds,
      tensors: tf.memory().numTensors,
    });
  }
  const { step, elapsedSeconds } = trainer.position;
  postCheckpoint(trainer);
  postValidation(trainer, spec);
  postEvent({ kind: "finished", step, elapsedSeconds, weights: trainer.weights() });
}

function endedEarly(trainer: Trainer): PssrError {
  const used = `${trainer.position.step} steps, ${Math.round(100 * trainer.progress)} % of the budget`;
  return new PssrError("UNAVAILABLE", `the batches ended after ${used}; open them again from the last checkpoint`);
}

function postCheckpoint(trainer: Trainer): void {
  const bytes = trainer.checkpoint();
  postEvent({ kind: "checkpoint", ...trainer.position, bytes }, [bytes.buffer]);
}

function postValidation(trainer: Trainer, { validation }: ThreadSpec): void {
  if (validation.length > 0) postEvent({ kind: "validation", ...trainer.position, ...validate(trainer, validation) });
}

function postEvent(event: TrainingEvent, transfer: ArrayBuffer[] = []): void {
  post({ kind: "event", event }, transfer);
}

function post(message: ThreadMessage, transfer: ArrayBuffer[] = []): void {
  host.postMessage(message, transfer);
}

/** Lets messages in: they arrive with the event loop's next turn. */
function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
