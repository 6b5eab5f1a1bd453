/**
 * Starts a NATS or S3 server in one of two ways. PSSR_TEST_SERVERS says which: `binaries` or `containers`; unset, tests use
 * containers where a Docker engine answers that has the image or can pull it, and everything else uses binaries.
 */
import { existsSync } from "node:fs";
import { PssrError } from "@pssr/api";
import type { LocalServer } from "./local-server.js";
import { serverBinary } from "./server-binary.js";
import { ServerContainer } from "./server-container.js";
import { ServerProcess } from "./server-process.js";
import { type ServerName, serverTable } from "./server-table.js";

export interface ServerDescription {
  args: readonly string[];
  env?: Readonly<Record<string, string>>;
  /** All that it reads or writes. */
  folders: readonly string[];
  isReady(): Promise<boolean>;
}

export async function startServer(name: ServerName, description: ServerDescription): Promise<LocalServer> {
  const image = process.env[`PSSR_TEST_${name.toUpperCase()}_IMAGE`] || serverTable[name].image;
  const server = (await runsInContainer(image))
    ? new ServerContainer({ ...description, image })
    : new ServerProcess({ ...description, ready: description.isReady, command: serverBinary(name) });
  await server.start();
  return server;
}

async function runsInContainer(image: string): Promise<boolean> {
  const way = process.env.PSSR_TEST_SERVERS || undefined;
  if (way === "binaries" || way === "containers") return way === "containers";
  if (way !== undefined) {
    const message = `PSSR_TEST_SERVERS is ${JSON.stringify(way)}; expected binaries or containers`;
    throw new PssrError("INVALID_CONFIGURATION", message);
  }
  const isTest = process.env.NODE_TEST_CONTEXT !== undefined;
  return isTest && hasEngine() && (await isAvailable(image));
}

/** Whether it is worth to load what talks to an engine. */
function hasEngine(): boolean {
  return process.env.DOCKER_HOST !== undefined || existsSync("/var/run/docker.sock");
}

async function isAvailable(image: string): Promise<boolean> {
  const { getContainerRuntimeClient, ImageName } = await import("testcontainers");
  try {
    const { image: images } = await getContainerRuntimeClient();
    const name = ImageName.fromString(image);
    if (!(await images.exists(name))) await images.pull(name);
    return true;
  } catch {
    return false; // no engine answers, or no registry has it: that is what the binaries are for
  }
}
