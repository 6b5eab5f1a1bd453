/**
 * Whole files that survive a power cut: written under a temporary name, synced, moved into place in one step, and the
 * directory synced. A reader sees the old file or the new one, never a part; what a crash leaves lies among the temporary
 * files and is removed when the owner of the directory opens it again.
 *
 * What failed has not happened: the kernel may forget what it could not sync, so nothing is synced a second time. The step is
 * undone, and whoever tries again writes a new file.
 */
import { randomUUID } from "node:crypto";
import { type FileHandle, link, open, readdir, rename, rm, unlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { DurableDirectories } from "./durable-directories.js";
import { errorCode, isFull, toStorageError } from "./storage-error.js";

/** Key characters never include this one, so a file of ours has no name that a directory could have. */
export const fileSuffix = "~";

export class DurableFiles {
  readonly #temporary: string;
  readonly #directories: DurableDirectories;
  /** The last step of each path that is under way: the undoing of one must not hit the work of another. */
  readonly #underWay = new Map<string, Promise<unknown>>();

  private constructor(readonly root: string) {
    this.#temporary = join(root, ".tmp");
    this.#directories = new DurableDirectories(root);
  }

  /**
   * Opens a directory, which nobody else may have open, and removes what a crash left half-written. This and all below fail
   * with STORAGE_FULL or UNAVAILABLE where the disk is full or broken.
   */
  static async open(root: string): Promise<DurableFiles> {
    const files = new DurableFiles(root);
    try {
      await files.#directories.make(root);
      await rm(files.#temporary, { recursive: true, force: true });
      await files.#directories.make(files.#temporary);
    } catch (error) {
      throw toStorageError(error, root);
    }
    return files;
  }

  /** Makes sure that what is there is on the disk: a process that was killed may have moved a file and not synced its directory. */
  async settle(keys: Iterable<string>): Promise<void> {
    const directories = new Set(Array.from(keys, (key) => dirname(this.path(key))));
    try {
      await Promise.all(Array.from(directories, (directory) => this.#directories.sync(directory)));
    } catch (error) {
      throw toStorageError(error, this.root);
    }
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
    let moved = false;
    try {
      const file = await open(temporary, "wx");
      try {
        await fill(file);
        await file.sync();
      } finally {
        await file.close();
      }
      if (how === "create") return await this.#inTurn(path, () => this.#create(temporary, path));
      await this.#inTurn(path, () => this.#replace(temporary, path));
      moved = true;
      return true;
    } catch (error) {
      throw toStorageError(error, this.root);
    } finally {
      if (!moved) await discard(temporary);
    }
  }

  async #create(temporary: string, path: string): Promise<boolean> {
    let linked = false;
    try {
      await this.#change(
        path,
        async () => {
          await link(temporary, path);
          linked = true;
        },
        async () => {
          if (linked) await unlink(path);
        },
      );
      return true;
    } catch (error) {
      if (errorCode(error) !== "EEXIST") throw error;
    }
    // It may have come from a process that was killed before it had synced the directory.
    await this.#directories.sync(dirname(path));
    return false;
  }

  async #replace(temporary: string, path: string): Promise<void> {
    const before = `${temporary}.before`;
    const existed = await linkWhereThere(path, before);
    try {
      await this.#change(
        path,
        () => rename(temporary, path),
        () => (existed ? rename(before, path) : unlink(path)),
      );
    } finally {
      if (existed) await discard(before);
    }
  }

  /** Changes the file of a path in its directory; one that was made for it goes again where that fails. */
  async #change(path: string, change: () => Promise<void>, undoChange: () => Promise<void>): Promise<void> {
    try {
      await this.#directories.change(dirname(path), change, undoChange);
    } catch (error) {
      await this.#directories.removeEmpty(dirname(path));
      throw error;
    }
  }

  /** Removes the file of a key and directories left empty by that. Resolves with false where there was none. */
  async remove(key: string): Promise<boolean> {
    const path = this.path(key);
    try {
      return await this.#inTurn(path, () => this.#remove(path));
    } catch (error) {
      throw toStorageError(error, this.root);
    }
  }

  async #remove(path: string): Promise<boolean> {
    const before = join(this.#temporary, randomUUID());
    if (!(await this.#keep(path, before))) return false;
    try {
      await this.#change(
        path,
        () => unlink(path),
        () => link(before, path),
      );
    } finally {
      await discard(before);
    }
    await this.#directories.removeEmpty(dirname(path));
    return true;
  }

  /** Gives a file that is to go a second name, for as long as it may have to come back. False where there is none. */
  async #keep(path: string, before: string): Promise<boolean> {
    try {
      return await linkWhereThere(path, before);
    } catch (error) {
      // A full disk must let files go all the same.
      if (isFull(error)) return true;
      throw error;
    }
  }

  /** One step of a path after the other. */
  async #inTurn<T>(path: string, step: () => Promise<T>): Promise<T> {
    const before = this.#underWay.get(path) ?? Promise.resolve();
    const mine = before.then(step);
    const settled = mine.then(
      () => undefined,
      () => undefined, // whoever asked has the error
    );
    this.#underWay.set(path, settled);
    try {
      return await mine;
    } finally {
      if (this.#underWay.get(path) === settled) this.#underWay.delete(path);
    }
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

/** A second name for a file; false where there is none. */
async function linkWhereThere(path: string, second: string): Promise<boolean> {
  try {
    await link(path, second);
    return true;
  } catch (error) {
    if (errorCode(error) === "ENOENT") return false;
    throw error;
  }
}

/** Removes a temporary file. One that cannot be removed now goes when the directory is opened again. */
async function discard(temporary: string): Promise<void> {
  await unlink(temporary).catch(() => undefined);
}
