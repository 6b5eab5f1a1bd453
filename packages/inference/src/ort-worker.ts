/**
 * The worker thread: holds ONNX Runtime sessions and runs them. `session.run` computes on the calling thread, which is why
 * there is one. Only this file loads the runtime, so that a service starts light.
 */
import { parentPort, workerData } from "node:worker_threads";
import { PssrError } from "@pssr/api";
import type { InferenceSession } from "onnxruntime-node";
import type { Failure, Request, Result, RunRequest, WorkerSettings } from "./worker-protocol.js";

const port = parentPort!;
const { threads, provider } = workerData as WorkerSettings;
const sessions = new Map<string, InferenceSession>();

port.on("message", (request: Request) => {
  void answer(request);
});

async function answer(request: Request): Promise<void> {
  if (request.kind === "close") {
    await evict([...sessions.keys()]);
    port.close();
    return;
  }
  try {
    const result = await run(request);
    port.postMessage(result, [result.data.buffer as ArrayBuffer]);
  } catch (error) {
    const { reason, message } = error instanceof PssrError ? error : new PssrError("INTERNAL", text(error));
    const modelHeld = sessions.has(request.digest);
    port.postMessage({ kind: "failure", reason, message, modelHeld } satisfies Failure);
  }
}

async function run(request: RunRequest): Promise<Result> {
  const { Tensor } = await loadRuntime();
  await evict(request.evict);
  const session = sessions.get(request.digest) ?? (await open(request));
  const [inputName] = session.inputNames;
  const [outputName] = session.outputNames;
  if (session.inputNames.length !== 1 || session.outputNames.length !== 1) {
    throw new PssrError("INVALID_MODEL", "the ONNX model needs exactly one input and one output");
  }
  const input = new Tensor("float32", request.data, request.shape);
  let outputs: InferenceSession.OnnxValueMapType;
  try {
    outputs = await session.run({ [inputName!]: input });
  } catch (cause) {
    throw new PssrError(
      "SHAPE_MISMATCH",
      `the model refused an input of shape [${request.shape.join(", ")}]: ${text(cause)}`,
    );
  }
  const output = outputs[outputName!];
  if (!(output?.data instanceof Float32Array) || output.dims.length !== 4) {
    throw new PssrError("INVALID_MODEL", "the ONNX model's output is no float32 tensor of four axes");
  }
  // The runtime's own memory cannot be handed to another thread.
  const data = output.data.slice();
  output.dispose();
  return { kind: "result", shape: [...output.dims], data };
}

async function open({ digest, model }: RunRequest): Promise<InferenceSession> {
  if (model === undefined) throw new PssrError("INTERNAL", `the worker does not hold model ${digest}`);
  const { InferenceSession } = await loadRuntime();
  try {
    const session = await InferenceSession.create(model, {
      executionProviders: [provider],
      intraOpNumThreads: threads,
      interOpNumThreads: 1,
      // Nothing below fatal: errors come back as exceptions, and stderr belongs to the log.
      logSeverityLevel: 4,
    });
    sessions.set(digest, session);
    return session;
  } catch (cause) {
    if (provider === "cuda" && /cuda|cudnn|cublas/i.test(text(cause))) {
      throw new PssrError(
        "NATIVE_LIBRARY_MISSING",
        `ONNX Runtime cannot use CUDA here (${firstLine(cause)}); run it in the image built for CUDA, on a machine with an NVIDIA GPU and its driver, or on the processor`,
      );
    }
    throw new PssrError("INVALID_MODEL", `ONNX Runtime cannot load model ${digest}: ${text(cause)}`);
  }
}

async function evict(digests: readonly string[]): Promise<void> {
  for (const digest of digests) {
    await sessions.get(digest)?.release();
    sessions.delete(digest);
  }
}

async function loadRuntime(): Promise<typeof import("onnxruntime-node")> {
  try {
    return await import("onnxruntime-node");
  } catch (cause) {
    throw new PssrError(
      "NATIVE_LIBRARY_MISSING",
      `ONNX Runtime cannot be loaded on this machine; run npm install again: ${text(cause)}`,
    );
  }
}

function text(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Without the colours of a terminal, which the runtime puts into what it says. */
function firstLine(error: unknown): string {
  return text(error).split("\n", 1)[0]!.split("\u001b", 1)[0]!.trim();
}
