/** One service of a cluster as a process, known to listen by its own word. */
import { fileURLToPath } from "node:url";
import { freePort, onFreePorts } from "./free-port.js";
import { ServerProcess } from "./server-process.js";

export interface ServiceStart {
  /** As in `services/<name>`. */
  name: string;
  env: Readonly<Record<string, string>>;
  logFile: string;
  /** `host:port` to listen on. Default: any port that is free, the same after it was killed and started again. */
  bind?: string | undefined;
  /** Gives the start up. */
  signal?: AbortSignal | undefined;
}

export async function startService({ bind, ...start }: ServiceStart): Promise<ServerProcess> {
  if (bind !== undefined) return startOn(bind, start);
  return onFreePorts(async () => startOn(`127.0.0.1:${await freePort()}`, start));
}

async function startOn(bind: string, { name, env, logFile, signal }: ServiceStart): Promise<ServerProcess> {
  const service = new ServerProcess({
    command: process.execPath,
    args: [fileURLToPath(new URL(`../../../services/${name}/dist/main.js`, import.meta.url))],
    env: { ...env, [`PSSR_${name.toUpperCase()}_BIND`]: bind },
    logFile,
    ready: new RegExp(`\\b${name} listens on (\\S+);`),
  });
  await service.start({ signal });
  return service;
}

/** `host:port` where it said that it listens. */
export function addressOf(service: ServerProcess): string {
  return service.announced?.[1] ?? "";
}
