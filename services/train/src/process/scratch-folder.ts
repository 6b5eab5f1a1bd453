/** The folder through which a training process hands its files over: checkpoints and the model version, too large for messages. */
import { mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

const PREFIX = "pssr-train-";
/** One that nobody has touched for so long belongs to a service that was killed together with its training process. */
const ABANDONED_MS = 24 * 3_600_000;

/** A new one; whoever asked removes it. */
export async function makeScratchFolder(): Promise<string> {
  return await mkdtemp(join(tmpdir(), PREFIX));
}

/** Removes what earlier services left behind. Throws where one cannot be removed: it may be another user's. */
export async function sweepScratchFolders(nowMs = Date.now()): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    if (!name.startsWith(PREFIX)) continue;
    const path = join(tmpdir(), name);
    if ((await touchedMs(path)) < nowMs - ABANDONED_MS) await rm(path, { recursive: true, force: true });
  }
}

/** When something in a folder was made or removed last; Infinity where there is none any more. */
async function touchedMs(folder: string): Promise<number> {
  try {
    return (await stat(folder)).mtimeMs;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return Number.POSITIVE_INFINITY;
    throw error;
  }
}
