/** Where the installation is called from outside the cluster, and with which token. */
import { readFile } from "node:fs/promises";
import { connect, type PssrClient } from "@pssr/client";
import { type KubectlOptions, kubectl } from "./kubectl.js";

export interface Door {
  readonly address: string;
  readonly token: string;
  connect(): PssrClient;
}

/** PSSR_ADDRESS, or a node's address and the port that the gateway's Service has on it. The token: PSSR_TOKEN_FILE, or that of `make deploy`. */
export async function findDoor(env: NodeJS.ProcessEnv, options: KubectlOptions): Promise<Door> {
  const address = env.PSSR_ADDRESS ?? (await nodePort(options));
  const context = (await kubectl(["config", "current-context"], options)).trim();
  const token = (
    await readFile(env.PSSR_TOKEN_FILE ?? `out/deploy/${context.replaceAll(/[^\w.-]/g, "_")}-admin.token`, "utf8")
  ).trim();
  return { address, token, connect: () => connect(address, { token }) };
}

async function nodePort(options: KubectlOptions): Promise<string> {
  const port = await kubectl(["get", "service", "gateway", "-o", "jsonpath={.spec.ports[0].nodePort}"], options);
  if (port === "") throw new Error("the gateway's Service has no port on the nodes: set PSSR_ADDRESS");
  const host = await kubectl(
    ["get", "nodes", "-o", 'jsonpath={.items[0].status.addresses[?(@.type=="InternalIP")].address}'],
    options,
  );
  return `${host}:${port}`;
}
