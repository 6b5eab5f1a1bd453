/** A cluster on this machine as part of a command: its directory is locked, and Ctrl-C leaves it the time that it needs. */
import { LocalCluster, type LocalClusterOptions } from "@pssr/local-servers";
import { DataDirectory, loadConfig, processSettings } from "@pssr/platform";
import type { Interruption } from "@pssr/platform/process-end";

/** Throws DATA_DIRECTORY_LOCKED while another has the directory, and what hinders the start; then nothing is left running. */
export async function startCluster(
  options: Omit<LocalClusterOptions, "signal">,
  { signal, allow }: Pick<Interruption, "signal" | "allow">,
): Promise<{ cluster: LocalCluster; close(): Promise<void> }> {
  // The services read the same environment.
  const times = loadConfig(processSettings, { argv: [], env: process.env });
  allow({ stopDelay: 0, workGrace: LocalCluster.stopMs(times), stopGrace: 0 });
  const directory = await DataDirectory.lock(options.directory, { signal });
  try {
    const cluster = await LocalCluster.start({ ...options, signal });
    return {
      cluster,
      async close() {
        try {
          await cluster.stop();
        } finally {
          await directory.close();
        }
      },
    };
  } catch (error) {
    await directory.close();
    throw error;
  }
}
