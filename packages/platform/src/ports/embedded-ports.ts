/** The ports of one process on a data directory of its own, which is locked as long as they are open. */
import { join } from "node:path";
import type { Abortable } from "../abortable.js";
import { MemoryEventBus } from "../events/memory-event-bus.js";
import { FileObjectStore } from "../objects/file-object-store.js";
import { MemoryWorkQueue } from "../queue/memory-work-queue.js";
import { FileStateStore } from "../state/file-state-store.js";
import { DataDirectory } from "./data-directory.js";
import type { OpenPorts } from "./ports.js";

/** Throws DATA_DIRECTORY_LOCKED, and INVALID_CONFIGURATION for what can be no data directory. */
export async function openEmbeddedPorts(dataDir: string, { signal }: Abortable = {}): Promise<OpenPorts> {
  const directory = await DataDirectory.lock(dataDir, { signal });
  try {
    const queue = new MemoryWorkQueue();
    const ports = {
      state: await FileStateStore.open(join(directory.path, "state")),
      objects: await FileObjectStore.open(join(directory.path, "objects"), { signal }),
      queue,
      events: new MemoryEventBus(),
    };
    return {
      ports,
      exclusive: true,
      beyondRepair: new AbortController().signal, // files are there as long as the process
      async close() {
        queue.close();
        await directory.close();
      },
    };
  } catch (error) {
    await directory.close();
    throw error;
  }
}
