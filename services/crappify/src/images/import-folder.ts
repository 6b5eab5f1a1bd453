/** The folder in which an upload lies as a file while it is decoded, and its OME-Zarr until it is stored. */
import { mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PssrError } from "@pssr/api";
import type { Clock } from "@pssr/platform";
import { SeenSince } from "../seen-since.js";

const prefix = "pssr-import-";
/** One that nobody has touched for so long belongs to a service that was killed. */
const abandonedMs = 24 * 60 * 60 * 1000;

/** Lends `use` a new one and removes it afterwards. Rejects with STORAGE_FULL where it has no room for what `use` writes. */
export async function withImportFolder<Result>(use: (folder: string) => Promise<Result>): Promise<Result> {
  let folder: string | undefined;
  try {
    folder = await mkdtemp(join(tmpdir(), prefix));
    return await use(folder);
  } catch (error) {
    const code = codeOf(error);
    throw code === "ENOSPC" || code === "EDQUOT" ? importFolderFull(code, error) : error;
  } finally {
    if (folder !== undefined) await rm(folder, { recursive: true, force: true });
  }
}

export function importFolderFull(code: string, cause?: unknown): PssrError {
  return new PssrError(
    "STORAGE_FULL",
    `no room is left for decoding below ${tmpdir()} (${code}); free some there, or set TMPDIR, and try again`,
    { cause },
  );
}

/** What earlier services of this user left behind. */
export class AbandonedImportFolders {
  readonly #seen: SeenSince;

  constructor(clock?: Clock) {
    this.#seen = new SeenSince(clock);
  }

  async sweep({ signal }: { signal: AbortSignal }): Promise<void> {
    const round = this.#seen.begin();
    for (const name of await readdir(tmpdir())) {
      signal.throwIfAborted();
      if (!name.startsWith(prefix)) continue;
      const folder = join(tmpdir(), name);
      try {
        const { mtimeMs, uid } = await stat(folder);
        if (process.getuid !== undefined && uid !== process.getuid()) continue;
        const isAbandoned = round.isOlder({ key: folder, revision: mtimeMs, writtenMs: mtimeMs }, abandonedMs);
        if (isAbandoned) await rm(folder, { recursive: true, force: true });
      } catch (error) {
        if (codeOf(error) !== "ENOENT") throw error; // an import has just ended
      }
    }
    round.end();
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && "code" in error ? error.code : undefined;
}
