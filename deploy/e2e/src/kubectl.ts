/** Runs kubectl on the cluster that it points to (KUBECONFIG), in our namespace. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";

const execute = promisify(execFile);
export const namespace = "pssr";
const mostOutputBytes = 64 * 1024 * 1024;

export interface KubectlOptions {
  signal: AbortSignal;
  /** The namespace. Default: ours. */
  within?: string;
}

/** Gives what it prints; its error names what it says on standard error. */
export async function kubectl(
  args: readonly string[],
  { signal, within = namespace }: KubectlOptions,
): Promise<string> {
  const { stdout } = await execute("kubectl", ["--namespace", within, ...args], {
    signal,
    maxBuffer: mostOutputBytes,
  });
  return stdout;
}

export interface Pod {
  readonly name: string;
  readonly isReady: boolean;
  readonly isEnding: boolean;
  readonly restarts: number;
}

interface PodList {
  items: {
    metadata: { name: string; deletionTimestamp?: string };
    status: {
      conditions?: { type: string; status: string }[];
      containerStatuses?: { restartCount: number }[];
    };
  }[];
}

/** The pods of a service, by their names. */
export async function podsOf(service: string, options: KubectlOptions): Promise<Pod[]> {
  const text = await kubectl(["get", "pods", "-l", `app.kubernetes.io/name=${service}`, "-o", "json"], options);
  const { items } = JSON.parse(text) as PodList;
  return items
    .map(({ metadata, status }) => ({
      name: metadata.name,
      isReady: status.conditions?.some(({ type, status: is }) => type === "Ready" && is === "True") ?? false,
      isEnding: metadata.deletionTimestamp !== undefined,
      restarts: status.containerStatuses?.reduce((sum, { restartCount }) => sum + restartCount, 0) ?? 0,
    }))
    .sort((a, b) => a.name.localeCompare(b.name));
}

/** Waits until a Deployment or StatefulSet is as it was asked to be. */
export async function rolledOut(what: string, options: KubectlOptions): Promise<void> {
  await kubectl(["rollout", "status", what, "--timeout=5m"], options);
}
