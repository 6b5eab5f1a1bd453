/**
 * The folder of everything an embedded installation keeps, used by one process at a time. The lock belongs to the kernel
 * (OFD or flock lock on `pssr.lock`): it ends with the process, however that ends, so a restart after kill -9 works at once.
 */
import { type FileHandle, mkdir, open } from "node:fs/promises";
import { join, resolve } from "node:path";
import { PssrError } from "@pssr/api";
import { tryLock, unlock } from "fs-native-extensions";
import type { Abortable } from "../abortable.js";
import { errorCode, toStorageError } from "../files/storage-error.js";

/** Far behind the text in the file: on Windows a locked part cannot be read, and the text names the holder. */
const lockedByte = 2 ** 30;

/** Why a path is no data directory, by the system's code. */
const unusable: Readonly<Record<string, string>> = {
  EEXIST: "it is a file",
  ENOTDIR: "a part of its path is a file",
  EACCES: "this user may not write there",
  EPERM: "this user may not write there",
  EROFS: "its file system is read-only",
  ENOENT: "its path cannot be made",
  ENAMETOOLONG: "its path is too long",
};

export class DataDirectory {
  private constructor(
    readonly path: string,
    private readonly file: FileHandle,
  ) {}

  /**
   * Creates the folder if need be and locks it; DATA_DIRECTORY_LOCKED names the process that has it. INVALID_CONFIGURATION
   * where there can be no such folder, or none that this user may write in; STORAGE_FULL where there is no room for it.
   */
  static async lock(path: string, { signal }: Abortable = {}): Promise<DataDirectory> {
    signal?.throwIfAborted();
    const directory = resolve(path);
    const file = await openLockFile(directory);
    try {
      if (!tryLock(file.fd, lockedByte, 1)) {
        const { buffer, bytesRead } = await file.read(Buffer.alloc(32), 0, 32, 0);
        const pid = /^[0-9]+/.exec(buffer.toString("latin1", 0, bytesRead))?.[0];
        throw new PssrError(
          "DATA_DIRECTORY_LOCKED",
          `the data directory ${directory} is in use by ${pid === undefined ? "another process" : `process ${pid}`}; stop that one or choose another directory`,
          { metadata: pid === undefined ? {} : { pid } },
        );
      }
      await file.truncate(0);
      await file.write(`${process.pid}\n`);
      return new DataDirectory(directory, file);
    } catch (error) {
      await file.close();
      throw toStorageError(error, directory);
    }
  }

  /** Gives the lock back. Close everything that writes into the folder first. */
  async close(): Promise<void> {
    unlock(this.file.fd, lockedByte, 1);
    await this.file.close();
  }
}

async function openLockFile(directory: string): Promise<FileHandle> {
  try {
    await mkdir(directory, { recursive: true });
    return await open(join(directory, "pssr.lock"), "a+");
  } catch (cause) {
    const why = unusable[errorCode(cause) ?? ""];
    if (why === undefined) throw toStorageError(cause, directory);
    const message = `the data directory ${directory} cannot be used: ${why}; choose another with --data-dir (PSSR_DATA_DIR)`;
    throw new PssrError("INVALID_CONFIGURATION", message, { field: "dataDir", cause });
  }
}
