/** Starts what a test of the gateway needs, all of it real, and ends it with the test. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { Client, credentials, Metadata, type ServiceError } from "@grpc/grpc-js";
import {
  bearerAuthenticator,
  createLogger,
  createProcessKeyring,
  FileObjectStore,
  FileStateStore,
  type Keyring,
  type Logger,
  loadConfig,
  MemoryEventBus,
  MemoryWorkQueue,
  Operations,
  type RunningService,
} from "@pssr/platform";
import { gatewaySettings, startGateway } from "../dist/index.js";
import { type EchoBackend, type EchoHandlers, startEcho } from "./echo-backend.js";

export interface Bench {
  readonly gateway: RunningService;
  readonly keyring: Keyring;
  readonly operations: Operations;
  /** A client of the gateway that sends and receives raw bytes. */
  readonly client: Client;
}

export interface BenchOptions {
  backends?: Record<string, string>;
  bind?: string;
  flags?: readonly string[];
  prepare?: (operations: Operations) => void;
  /** Default: nothing is logged. */
  log?: Logger;
}

const silent = createLogger({ service: "test", level: "silent" });

export async function openGateway(
  t: TestContext,
  { backends = {}, bind = "127.0.0.1:0", flags = [], prepare, log = silent }: BenchOptions = {},
): Promise<Bench> {
  const folder = await mkdtemp(join(tmpdir(), "pssr-gateway-"));
  const state = await FileStateStore.open(join(folder, "state"));
  const objects = await FileObjectStore.open(join(folder, "objects"));
  const keyring = createProcessKeyring();
  const ports = { state, objects, queue: new MemoryWorkQueue(), events: new MemoryEventBus() };
  const operations = new Operations(ports, { exclusive: true, report: (error) => log.error(error) });
  prepare?.(operations);
  await operations.start();
  const config = loadConfig(gatewaySettings, { argv: ["--gateway-bind", bind, ...flags], env: {} });
  const context = { ports, operations, keyring, authenticator: bearerAuthenticator(keyring), log };
  const end = async () => {
    await operations.close();
    await rm(folder, { recursive: true });
  };
  const gateway = await startGateway(config, context, backends).catch(async (error) => {
    await end();
    throw error;
  });
  const client = new Client(gateway.address, credentials.createInsecure());
  t.after(async () => {
    client.close();
    await gateway.close({ graceMs: 0 });
    await end();
  });
  return { gateway, keyring, operations, client };
}

/** A gateway before one stranger. */
export async function openEcho(
  t: TestContext,
  handlers: Partial<EchoHandlers>,
  flags: readonly string[] = [],
): Promise<Bench & { echo: EchoBackend }> {
  const echo = await startEcho(handlers);
  t.after(() => echo.stop());
  return { ...(await openGateway(t, { backends: { echo: echo.address }, flags })), echo };
}

export const raw = (bytes: Buffer): Buffer => bytes;

export function defer<T = void>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve: (value: T) => void = () => {};
  const promise = new Promise<T>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}

/** Calls the echo's `Unary` with nothing, and gives its answer or the error. */
export function callUnary(client: Client, token?: string): Promise<Buffer | ServiceError> {
  const metadata = new Metadata();
  if (token !== undefined) metadata.set("authorization", `Bearer ${token}`);
  return new Promise((resolve) => {
    client.makeUnaryRequest(
      "/stranger.v1.EchoService/Unary",
      raw,
      raw,
      Buffer.alloc(0),
      metadata,
      { deadline: Date.now() + 10_000 },
      (error, body) => resolve(error ?? body!),
    );
  });
}
