/**
 * Whole files that survive a power cut: written under a temporary name, synced, moved into place in one step, and the
 * directory synced. A reader sees the old file or the new one, never a part; what a crash leaves lies among the temporary
 * files and is removed when the owner of the directory opens it again.
 */
import { randomUUID } from "node:crypto";
import { type FileHandle, link, mkdir, open, readdir, rename, rm, rmdir, unlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { errorCode } from "./storage-error.js";

/** Key characters never include this one, so a file of ours has no name that a directory could have. */
export const fileSuffix = "~";

export class DurableFiles {
  readonly #temporary: string;

  private constructor(readonly root: string) {
    this.#temporary = join(root, ".tmp");
  }

  /** Opens a directory, which nobody else may have open, and removes what a crash left half-written. */
  static async open(root: string): Promise<DurableFiles> {
    const files = new DurableFiles(root);
    await makeDirectory(root);
    await rm(files.#temporary, { recursive: true, force: true });
    await makeDirectory(files.#temporary);
    return files;
  }

  /** The file of a key. Files end in "~", directories do not: `a` and `a/b` can both be keys. */
  path(key: string): string {
    return join(this.root, ...key.split("/")) + fileSuffix;
  }

  /**
   * Lets `fill` write a temporary file, then puts it in place of `key`: "replace" overwrites, "create" resolves with false
   * where the file exists already. Resolves once all of it is on the disk.
   */
  async write(key: string, how: "replace" | "create", fill: (file: FileHandle) => Promise<void>): Promise<boolean> {
    const temporary = join(this.#temporary, randomUUID());
    const path = this.path(key);
    try {
      const file = await open(temporary, "wx");
      try {
        await fill(file);
        await file.sync();
      } finally {
        await file.close();
      }
      return await this.#place(temporary, path, how);
    } finally {
      await rm(temporary, { force: true });
    }
  }

  async #place(temporary: string, path: string, how: "replace" | "create"): Promise<boolean> {
    for (;;) {
      await makeDirectory(dirname(path));
      try {
        if (how === "replace") await rename(temporary, path);
        else await link(temporary, path);
        await syncDirectory(dirname(path));
        return true;
      } catch (error) {
        if (errorCode(error) === "EEXIST") return false;
        // A remove in between may have taken the directory away, as it was empty.
        if (errorCode(error) !== "ENOENT") throw error;
      }
    }
  }

  /** Removes the file of a key and directories left empty by that. Resolves with false where there was none. */
  async remove(key: string): Promise<boolean> {
    const path = this.path(key);
    try {
      await unlink(path);
    } catch (error) {
      if (errorCode(error) === "ENOENT") return false;
      throw error;
    }
    let directory = dirname(path);
    await syncDirectory(directory);
    while (directory !== this.root) {
      try {
        await rmdir(directory);
      } catch (error) {
        const code = errorCode(error);
        if (code === "ENOTEMPTY" || code === "EEXIST" || code === "ENOENT") break;
        throw error;
      }
      directory = dirname(directory);
    }
    return true;
  }

  /** Keys that begin with `prefix` and come behind `after`, ascending in byte order. */
  async *keys(prefix: string, after: string | undefined, signal: AbortSignal | undefined): AsyncGenerator<string> {
    const slash = prefix.lastIndexOf("/");
    yield* this.#walk(prefix.slice(0, slash + 1), prefix, after ?? "", signal);
  }

  async *#walk(
    directory: string,
    prefix: string,
    after: string,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<string> {
    signal?.throwIfAborted();
    const names: string[] = [];
    try {
      for (const entry of await readdir(join(this.root, ...directory.split("/")), { withFileTypes: true })) {
        if (entry.name.startsWith(".")) continue;
        if (entry.isDirectory()) names.push(`${directory}${entry.name}/`);
        else if (entry.name.endsWith(fileSuffix)) names.push(directory + entry.name.slice(0, -fileSuffix.length));
      }
    } catch (error) {
      if (errorCode(error) === "ENOENT") return;
      throw error;
    }
    // All keys are ASCII, so the order of code units is the order of bytes; a directory sorts with its slash.
    names.sort((a, b) => (a < b ? -1 : 1));
    for (const name of names) {
      if (name.endsWith("/")) {
        const mayMatch = name.startsWith(prefix) || prefix.startsWith(name);
        const mayFollow = name > after || after.startsWith(name);
        if (mayMatch && mayFollow) yield* this.#walk(name, prefix, after, signal);
      } else if (name.startsWith(prefix) && name > after) {
        yield name;
      }
    }
  }
}

/** Creates a directory with its parents, each of them synced into its own parent. */
async function makeDirectory(path: string): Promise<void> {
  const first = await mkdir(path, { recursive: true });
  if (first === undefined) return;
  for (let made = path; ; made = dirname(made)) {
    await syncDirectory(dirname(made));
    if (made === first || made === dirname(made)) return;
  }
}

async function syncDirectory(path: string): Promise<void> {
  // Windows cannot open a directory as a file; there the metadata journal has to do.
  if (process.platform === "win32") return;
  const directory = await open(path, "r");
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
