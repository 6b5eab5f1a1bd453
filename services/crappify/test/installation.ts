/** A whole installation of the service for a test: embedded ports in a directory of its own, operations, a server on a free port. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import {
  CrappifierServiceDefinition,
  CrappifyServiceDefinition,
  DatasetServiceDefinition,
  type DeadlineOption,
  ImageServiceDefinition,
} from "@pssr/api";
import {
  bearerAuthenticator,
  connectService,
  createLogger,
  createProcessKeyring,
  FileObjectStore,
  FileStateStore,
  type Identity,
  loadConfig,
  MemoryEventBus,
  MemoryWorkQueue,
  Operations,
  type Ports,
  tokenSource,
} from "@pssr/platform";
import type { Client as GrpcClient, TsProtoServiceDefinition } from "nice-grpc";
import { type CrappifyConfig, crappifySettings, startCrappify } from "../dist/index.js";
import { HeldObjects } from "./held-objects.js";

type Client<Definition extends TsProtoServiceDefinition> = GrpcClient<Definition, DeadlineOption>;

export interface Installation {
  images: Client<typeof ImageServiceDefinition>;
  datasets: Client<typeof DatasetServiceDefinition>;
  crappifiers: Client<typeof CrappifierServiceDefinition>;
  crappify: Client<typeof CrappifyServiceDefinition>;
  /** The same clients for another identity. */
  as(identity: Identity): Pick<Installation, "images" | "datasets" | "crappifiers" | "crappify">;
  operations: Operations;
  ports: Ports;
  objects: HeldObjects;
  address: string;
}

export const project = "projects/em";

/** Starts it; it ends with the test. Flags as on the command line: `["--crappify-threads", "2"]`. */
export async function startInstallation(t: TestContext, flags: string[] = []): Promise<Installation> {
  const directory = await mkdtemp(join(tmpdir(), "pssr-crappify-test-"));
  t.after(() => rm(directory, { recursive: true, force: true }));
  const log = createLogger({
    service: "crappify",
    level: process.env.PSSR_TEST_LOG === undefined ? "silent" : "debug",
  });
  const objects = new HeldObjects(await FileObjectStore.open(join(directory, "objects")));
  const state = await FileStateStore.open(join(directory, "state"));
  const queue = new MemoryWorkQueue();
  const ports: Ports = { objects, state, queue, events: new MemoryEventBus() };
  const keyring = createProcessKeyring();
  const operations = new Operations(ports, {
    exclusive: true,
    report: (error, doing) => log.error({ err: error }, doing),
  });
  const config: CrappifyConfig = loadConfig(crappifySettings, { argv: flags, env: { PSSR_CRAPPIFY_THREADS: "1" } });
  const service = await startCrappify(config, {
    ports,
    operations,
    keyring,
    authenticator: bearerAuthenticator(keyring),
    log,
  });
  await operations.start();
  const closers: (() => void)[] = [];
  t.after(async () => {
    for (const close of closers) close();
    await operations.close();
    await service.close({ graceMs: 0 });
    queue.close();
  });
  const as = (identity: Identity) => {
    const connection = connectService(service.address, { peer: "crappify", token: tokenSource(keyring, identity) });
    closers.push(() => connection.close());
    return {
      images: connection.client(ImageServiceDefinition),
      datasets: connection.client(DatasetServiceDefinition),
      crappifiers: connection.client(CrappifierServiceDefinition),
      crappify: connection.client(CrappifyServiceDefinition),
    };
  };
  const operator: Identity = { principal: "tester", projects: ["em"], role: "operator" };
  return { ...as(operator), as, operations, ports, objects, address: service.address };
}
