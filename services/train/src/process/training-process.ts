/**
 * A training in a process of its own, seen from the service. The native library may take the process with it, and it
 * blocks whatever thread it runs on: neither must touch the service. The process dies with the service.
 */
import { fork } from "node:child_process";
import { PssrError } from "@pssr/api";
import { ChildInbox } from "./child-inbox.js";
import type { FromProcess, ProcessSpec, ToProcess } from "./messages.js";

/** What the native library and Node need of the environment; nothing else is passed on. */
const passedOn = /^(PATH|LD_LIBRARY_PATH|TMPDIR|TF_.*|OMP_.*|CUDA_.*|NVIDIA_.*|XDG_CACHE_HOME|HOME)$/;

export interface ProcessOptions {
  spec: ProcessSpec;
  /** A token with which the process may read the training's project. */
  mint: () => Promise<string>;
  signal: AbortSignal;
  /** Whether a stop should leave a checkpoint first; otherwise the process ends at once. */
  checkpointOnStop: () => boolean;
  /** How long it may take for that. */
  stopGraceMs: number;
}

/**
 * What the process reports; `finished` is the last. Throws what the process failed with, the signal's reason when stopped,
 * and WORKER_CRASHED when the process ends without a word. When it returns, the process is gone.
 */
export async function* runTrainingProcess(options: ProcessOptions): AsyncGenerator<FromProcess, void> {
  const { spec, signal, mint, checkpointOnStop, stopGraceMs } = options;
  signal.throwIfAborted();
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => passedOn.test(name)));
  const child = fork(new URL("./main.js", import.meta.url), [], {
    env,
    serialization: "advanced",
    stdio: ["ignore", "ignore", "pipe", "ipc"],
    execArgv: ["--enable-source-maps"],
  });
  const inbox = new ChildInbox<FromProcess>(child);
  const send = (message: ToProcess) => {
    // A message to a process that is gone is lost; that it is gone, the inbox tells.
    if (child.connected) child.send(message, () => undefined);
  };
  let killer: NodeJS.Timeout | undefined;
  const stop = () => {
    if (!checkpointOnStop()) return void child.kill("SIGKILL");
    send({ kind: "stop" });
    killer = setTimeout(() => child.kill("SIGKILL"), stopGraceMs);
  };
  signal.addEventListener("abort", stop, { once: true });
  try {
    send({ kind: "start", spec });
    for await (const message of inbox) {
      if (message.kind === "token") send({ kind: "token", id: message.id, token: await mint() });
      else if (message.kind === "failed") {
        signal.throwIfAborted();
        throw failureOf(message);
      } else {
        yield message;
        if (message.kind === "finished") return;
      }
    }
    signal.throwIfAborted();
    throw crash(inbox);
  } finally {
    signal.removeEventListener("abort", stop);
    clearTimeout(killer);
    child.kill("SIGKILL");
    await inbox.closed;
  }
}

/** What the process wrote last is for the log, not for the caller. */
function crash({ ending, lastWords }: ChildInbox<FromProcess>): PssrError {
  const message = `the training process was ended by ${ending}; if the machine ran out of memory, use a smaller batch_size or network`;
  return new PssrError("WORKER_CRASHED", message, { cause: new Error(`its last words: ${lastWords}`) });
}

/** A fault of ours stays a plain error: its text is for the log, not for the caller. */
function failureOf({ reason, message, field, metadata }: Extract<FromProcess, { kind: "failed" }>): Error {
  if (reason === "INTERNAL") return new Error(`in the training process: ${message}`);
  return new PssrError(reason, message, { field, metadata });
}
