/**
 * Directories below a root, changed so that a power cut loses nothing: a change counts once its directory is synced, and all
 * directories above it are. Changes of one directory that come together share a sync.
 *
 * A sync that fails is reported once, to one caller, and the kernel may forget all that it was to cover. So it fails every
 * change that was under way in that directory, and none of them is synced a second time: it must be undone and made anew.
 */
import { mkdir, open, rmdir } from "node:fs/promises";
import { dirname } from "node:path";
import { errorCode } from "./storage-error.js";

/** How often a directory may be taken away, as it was empty, while a file is put into it. */
const maximumTries = 100;

/** A directory in which something is being changed. */
interface Busy {
  changes: number;
  /** Of each sync that has failed meanwhile. */
  failures: unknown[];
  /** The sync that covers what is changed from now on; undefined where none is to come yet. */
  next: Promise<void> | undefined;
  /** Settles after the last sync that was asked for. */
  idle: Promise<void>;
}

export class DurableDirectories {
  readonly #busy = new Map<string, Busy>();
  /** Those that were made and may not be on the disk, with the error where they never will be. */
  readonly #unsynced = new Map<string, unknown>();
  #making: Promise<unknown> = Promise.resolve();

  constructor(private readonly root: string) {}

  /** Makes a directory with its parents; one after the other. */
  make(path: string): Promise<void> {
    const turn = this.#making.then(() => this.#make(path));
    this.#making = turn.catch(() => undefined); // whoever needs the directory has the error
    return turn;
  }

  /**
   * Changes what is in a directory, which is made where there is none; resolves once that is on the disk. Where that fails, the
   * change is undone as far as it had happened.
   */
  async change(directory: string, change: () => Promise<void>, undoChange: () => Promise<void>): Promise<void> {
    const busy = this.#enter(directory);
    try {
      await this.#changeAndSync(directory, busy, () => this.#within(directory, change));
      await this.#syncedAbove(directory);
    } catch (error) {
      // Before anybody may remove the directory as an empty one.
      await undo(undoChange);
      throw error;
    } finally {
      this.#leave(directory, busy);
    }
  }

  /** Syncs a directory that nobody has changed, as far as this process knows. */
  async sync(directory: string): Promise<void> {
    const nothing = async (): Promise<void> => undefined;
    await this.change(directory, nothing, nothing);
  }

  /** Removes a directory and those above it, as far as they are empty. One that cannot be removed does no harm. */
  async removeEmpty(path: string): Promise<void> {
    for (const directory of this.#below(path)) {
      if (this.#busy.has(directory)) return;
      try {
        await rmdir(directory);
      } catch {
        return;
      }
      this.#unsynced.delete(directory);
    }
  }

  /** A directory and those above it, up to the root but without that. */
  #below(directory: string): string[] {
    const found: string[] = [];
    for (let above = directory; above !== this.root; above = dirname(above)) found.push(above);
    return found;
  }

  async #make(path: string): Promise<void> {
    const doubtful = this.#unsynced.has(path);
    // Before it exists: who finds it there from then on knows that it is not durable yet.
    if (!doubtful) this.#unsynced.set(path, undefined);
    let made = false;
    const busy = this.#enter(dirname(path));
    try {
      await this.#changeAndSync(dirname(path), busy, async () => {
        await mkdir(path);
        made = true;
      });
      this.#unsynced.delete(path);
    } catch (error) {
      if (made) {
        this.#unsynced.set(path, error);
        await undo(async () => {
          await rmdir(path);
          this.#unsynced.delete(path);
        });
        throw error;
      }
      if (!doubtful) this.#unsynced.delete(path);
      if (errorCode(error) === "EEXIST") return;
      if (errorCode(error) !== "ENOENT" || path === dirname(path)) throw error;
      await this.#make(dirname(path));
      await this.#make(path);
    } finally {
      this.#leave(dirname(path), busy);
    }
  }

  async #within(directory: string, change: () => Promise<void>): Promise<void> {
    for (let tries = 1; ; tries++) {
      try {
        await change();
        return;
      } catch (error) {
        if (errorCode(error) !== "ENOENT" || tries === maximumTries) throw error;
      }
      await this.make(directory);
    }
  }

  async #changeAndSync(directory: string, busy: Busy, change: () => Promise<void>): Promise<void> {
    const before = busy.failures.length;
    await change();
    await syncTogether(directory, busy);
    // A sync that failed before ours may have covered our change too.
    if (busy.failures.length > before) throw busy.failures[before];
  }

  /** Waits until all directories above are on the disk. */
  async #syncedAbove(directory: string): Promise<void> {
    for (;;) {
      const above = this.#below(directory).find((path) => this.#unsynced.has(path));
      if (above === undefined) return;
      const error = this.#unsynced.get(above);
      if (error !== undefined) throw error;
      await this.#making; // somebody else is just at it
    }
  }

  #enter(directory: string): Busy {
    const busy = this.#busy.get(directory) ?? { changes: 0, failures: [], next: undefined, idle: Promise.resolve() };
    this.#busy.set(directory, busy);
    busy.changes += 1;
    return busy;
  }

  #leave(directory: string, busy: Busy): void {
    busy.changes -= 1;
    if (busy.changes === 0) this.#busy.delete(directory);
  }
}

/** A sync that begins from now on, the same for all who ask before it does. */
function syncTogether(directory: string, busy: Busy): Promise<void> {
  if (busy.next === undefined) {
    const sync = busy.idle.then(async () => {
      busy.next = undefined;
      try {
        await syncDirectory(directory);
      } catch (error) {
        busy.failures.push(error);
        throw error;
      }
    });
    busy.next = sync;
    busy.idle = sync.catch(() => undefined); // those who wait for it have the error
  }
  return busy.next;
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

/**
 * Takes a step back that failed, or failed halfway. Where the disk refuses that too, readers see the step as done until it is
 * tried again, and a power cut may bring back what was before: as if the process had been killed right after the step.
 */
async function undo(step: () => Promise<void>): Promise<void> {
  await step().catch(() => undefined);
}
