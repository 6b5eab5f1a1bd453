/**
 * Decodes a file that nobody has looked at yet: in a process of its own, with an empty environment, a limit on memory and on
 * time, so that whatever a hostile file does to a decoder, it does far from credentials and from other people's work.
 */
import { spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { PssrError, type Reason } from "@pssr/api";
import type { Levels } from "@pssr/imaging";
import type { Abortable } from "@pssr/platform";
import { decoderCode } from "./decoder-code.js";
import type { PixelDescription } from "./image-record.js";
import { importFolderFull } from "./import-folder.js";

export interface DecodeLimits {
  /** Memory of the process, bytes. */
  memoryBytes: number;
  /** From start to end, milliseconds. */
  timeMs: number;
  /** Pixels over all planes. */
  pixels: number;
}

export interface DecodeTask {
  /** Path of the file. */
  file: string;
  /** The file's own name, for messages. */
  filename: string;
  /** Where to write the OME-Zarr; made by the process. */
  directory: string;
  /** What the caller knows better than the file. */
  known: { pixelSizeNm?: number; levels?: Levels };
  limits: DecodeLimits;
}

export interface DecodedFile {
  description: PixelDescription;
  /** SHA-256 over description and pixels, hexadecimal. */
  digest: string;
  /** "png", "tiff" */
  format: string;
}

/** What the process writes on its standard output, as JSON. */
export type DecodeOutcome =
  | { decoded: DecodedFile }
  /** The disk was full: the system's code. */
  | { full: string }
  | { error: { reason: Reason; message: string; field: string | undefined } };

const script = fileURLToPath(new URL("./decode-process.js", import.meta.url));
const code = decoderCode();
const maximumOutputBytes = 1024 * 1024;
const memoryCheckMs = 100;

/**
 * Rejects with NOT_AN_IMAGE, IMAGE_CORRUPT, UNSUPPORTED_PIXELS or IMAGE_TOO_LARGE (also where the limits on time or memory were
 * reached), STORAGE_FULL, INTERNAL for a fault of ours, or with the signal's reason.
 */
export async function decodeFile(task: DecodeTask, { signal }: Abortable): Promise<DecodedFile> {
  const { memoryBytes, timeMs } = task.limits;
  signal?.throwIfAborted();
  const child = spawn(process.execPath, [...restrictions(task), script, JSON.stringify(task)], {
    env: {},
    // The channel carries nothing: it breaks when this process ends, however it does.
    stdio: ["ignore", "pipe", "pipe", "ipc"],
  });
  let stopped: unknown;
  const stop = (why: unknown) => {
    stopped ??= why;
    child.kill("SIGKILL");
  };
  const onAbort = () => stop(signal?.reason);
  signal?.addEventListener("abort", onAbort, { once: true });
  const timer = setTimeout(() => stop(tooMuch(task, `more than ${timeMs / 1000} s`)), timeMs);
  const watch = setInterval(async () => {
    const bytes = child.pid === undefined ? 0 : await residentBytes(child.pid);
    if (bytes > memoryBytes) stop(tooMuch(task, `more than ${memoryBytes} bytes of memory`));
  }, memoryCheckMs);
  try {
    const ended = new Promise<number | NodeJS.Signals>((resolve, reject) => {
      child.once("error", reject);
      child.once("close", (code, name) => resolve(name ?? code ?? 0));
    });
    const [output, complaints, end] = await Promise.all([collect(child.stdout!), collect(child.stderr!), ended]);
    if (stopped !== undefined) throw stopped;
    return readOutcome(task, output, complaints, end);
  } finally {
    clearTimeout(timer);
    clearInterval(watch);
    signal?.removeEventListener("abort", onAbort);
    child.kill("SIGKILL");
  }
}

/** Node's own, for its command line: a bound on the heap; no other process, no native code; reads the file and the code, writes in its directory. */
export function restrictions({ file, directory, limits }: Pick<DecodeTask, "file" | "directory" | "limits">): string[] {
  const isNamedSo = process.allowedNodeEnvironmentFlags.has("--permission");
  return [
    `--max-old-space-size=${Math.ceil(limits.memoryBytes / 2 ** 20)}`,
    isNamedSo ? "--permission" : "--experimental-permission", // its name before Node 23
    `--allow-fs-read=${file}`,
    ...code.map((folder) => `--allow-fs-read=${folder}/*`),
    `--allow-fs-write=${directory}`,
    `--allow-fs-write=${directory}/*`,
  ];
}

function readOutcome(task: DecodeTask, output: string, complaints: string, end: number | NodeJS.Signals): DecodedFile {
  if (end !== 0) throw brokenDown(task, complaints, end);
  const outcome = JSON.parse(output) as DecodeOutcome;
  if ("decoded" in outcome) return outcome.decoded;
  if ("full" in outcome) throw importFolderFull(outcome.full);
  const { reason, message, field } = outcome.error;
  throw new PssrError(reason, message, field === undefined ? {} : { field });
}

function brokenDown(task: DecodeTask, complaints: string, end: number | NodeJS.Signals): PssrError {
  if (/heap out of memory|allocation failed/i.test(complaints)) {
    return tooMuch(task, `more than ${task.limits.memoryBytes} bytes of memory`);
  }
  // Nobody of ours: the system, when it runs out of memory.
  if (end === "SIGKILL") return tooMuch(task, "more memory than this machine has");
  const cause = new Error(`the decoding process ended with ${end}: ${complaints.slice(-2000)}`);
  if (typeof end === "number") return new PssrError("INTERNAL", `decoding ${task.filename} went wrong`, { cause });
  return new PssrError("IMAGE_CORRUPT", `${task.filename}: its decoder broke down over it; save the file anew`, {
    cause,
  });
}

function tooMuch({ filename }: DecodeTask, what: string): PssrError {
  return new PssrError(
    "IMAGE_TOO_LARGE",
    `${filename}: decoding it takes ${what}; split it, or raise the service's limit`,
  );
}

/** Text up to a limit; what comes beyond it is read and dropped, so that the process does not wait. */
async function collect(stream: NodeJS.ReadableStream): Promise<string> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of stream as AsyncIterable<Uint8Array>) {
    if (length < maximumOutputBytes) chunks.push(chunk);
    length += chunk.length;
  }
  return Buffer.concat(chunks).toString("utf8");
}

/** Memory a process holds, from Linux's /proc; 0 where that cannot be read (it has ended, or another system). */
async function residentBytes(pid: number): Promise<number> {
  try {
    const status = await readFile(`/proc/${pid}/status`, "utf8");
    return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) * 1024;
  } catch {
    return 0;
  }
}
