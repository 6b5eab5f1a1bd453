import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer as createTcpServer } from "node:net";
import { type TestContext, test } from "node:test";
import { ChannelCredentials, Client, Metadata, type ServiceError, status } from "@grpc/grpc-js";
import {
  CrappifyServiceDefinition,
  CreateDatasetRequest,
  type Dataset,
  Dataset as DatasetMessage,
  DatasetServiceDefinition,
  errorOf,
  type GetDatasetRequest,
  ImageServiceDefinition,
  isPssrError,
  PssrError,
  RpcStatus,
  StreamPairsResponse,
  statusDetailsKey,
} from "@pssr/api";
import {
  bearerAuthenticator,
  type CallExtension,
  connectService,
  createLogger,
  createProcessKeyring,
  currentScope,
  type GrpcServer,
  type GrpcServerOptions,
  grpcService,
  type Identity,
  type Keyring,
  newSpan,
  observeCall,
  runInScope,
  startGrpcServer,
  tokenSource,
} from "@pssr/platform";
import type { CallContext } from "nice-grpc-common";
import { registry } from "../../dist/telemetry/registry.js";

type Get = (request: GetDatasetRequest, context: CallContext & CallExtension) => Promise<Dataset>;
const anna: Identity = { principal: "anna", projects: ["em"], role: "operator" };
const name = "projects/em/datasets/d";
const request = { name };

/** A server whose GetDataset is `get`; everything else is unimplemented by the contract's own dataset service. */
async function serve(t: { after(end: () => Promise<void>): void }, get: Get, options: Partial<GrpcServerOptions> = {}) {
  const lines: Record<string, unknown>[] = [];
  const log = createLogger({
    service: "test",
    level: "debug",
    destination: { write: (line) => lines.push(JSON.parse(line)) },
  });
  const keyring = createProcessKeyring();
  const none = async (): Promise<never> => {
    throw new Error("secret: /etc/passwd");
  };
  const service = grpcService(DatasetServiceDefinition, {
    getDataset: get,
    createDataset: none,
    listDatasets: none,
    deleteDataset: none,
  });
  const server: GrpcServer = await startGrpcServer({
    bind: "127.0.0.1:0",
    services: [service],
    authenticator: bearerAuthenticator(keyring),
    log,
    ...options,
  });
  t.after(() => server.close({ graceMs: 0 }));
  const connection = connectService(server.address, { peer: "test", token: tokenSource(keyring, anna) });
  t.after(async () => connection.close());
  return { server, lines, keyring, connection, datasets: connection.client(DatasetServiceDefinition) };
}

/** @param deadlineMs The client's own; grpc-js then tells it to the server, whatever the metadata say. */
function rawCall(address: string, path: string, metadata: Metadata, deadlineMs = 10_000): Promise<ServiceError> {
  const client = new Client(address, ChannelCredentials.createInsecure());
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest(
      path,
      (bytes: Buffer) => bytes,
      (bytes: Buffer) => bytes,
      Buffer.alloc(0),
      metadata,
      { deadline: Date.now() + deadlineMs },
      (error) => {
        client.close();
        if (error === null) reject(new Error("the call succeeded"));
        else resolve(error);
      },
    );
  });
}

test("a handler sees its caller's identity and trace, and the answer comes back", async (t) => {
  const trace = newSpan();
  const { datasets, lines } = await serve(t, async ({ name }, { identity }) => {
    assert.deepEqual(identity, anna);
    assert.equal(currentScope().trace?.traceId, trace.traceId);
    return DatasetMessage.fromPartial({ name });
  });
  assert.equal((await runInScope({ trace }, () => datasets.getDataset(request))).name, name);
  const line = lines.find(({ msg }) => msg === "call");
  assert.equal(line?.trace_id, trace.traceId);
  assert.equal(line?.code, "OK");
});

test("a typed error comes back with reason, field and metadata", async (t) => {
  const { datasets } = await serve(t, async () => {
    throw new PssrError("TILE_TOO_LARGE", "512 is larger than 480; use 480", {
      field: "dataset.tile",
      metadata: { limit: "480" },
    });
  });
  const error = await datasets.getDataset(request).catch((reason) => reason);
  assert.ok(isPssrError(error, "TILE_TOO_LARGE"));
  assert.deepEqual(
    [error.message, error.field, error.metadata],
    ["512 is larger than 480; use 480", "dataset.tile", { limit: "480" }],
  );
});

test("a stream whose caller goes away is not one that ended well", async (t) => {
  const { streamPairs } = CrappifyServiceDefinition.methods;
  const { promise: left, resolve: leave } = defer<void>();
  const part = StreamPairsResponse.fromPartial({ parts: [{ low: { data: Buffer.alloc(1 << 20) } }] });
  async function* forEver() {
    try {
      for (;;) yield part;
    } finally {
      leave();
    }
  }
  const service = grpcService({ ...CrappifyServiceDefinition, methods: { streamPairs } }, { streamPairs: forEver });
  const none = async () => DatasetMessage.fromPartial({});
  const { connection, lines } = await serve(t, none, { services: [service] });
  const pairs = connection.client(CrappifyServiceDefinition).streamPairs({ dataset: name });
  for await (const _ of pairs) break;
  await left;
  while (!lines.some(({ msg }) => msg === "call")) await new Promise(setImmediate);
  assert.equal(lines.find(({ msg }) => msg === "call")?.code, "CANCELLED");
  assert.deepEqual(await codesOf("pssr_grpc_server_call_seconds", "StreamPairs"), ["CANCELLED"]);
});

test("a number that a foreign server gives for its status is no label of a metric", async () => {
  // As the gateway sees it, which forwards statuses as they are.
  observeCall("door", { path: "/pssr.v1.ForeignService/Ask" }).end(77 as status);
  assert.deepEqual(await codesOf("pssr_gateway_call_seconds", "Ask"), ["UNKNOWN"]);
});

test("hundreds of calls that last do not keep others of the same connection waiting", async (t) => {
  const lasting = 400; // two callers of the gateway, with most of what one connection may have each
  let begun = 0;
  let allBegan = () => {};
  const began = new Promise<void>((done) => {
    allBegan = done;
  });
  const { datasets } = await serve(t, async ({ name: asked }, { signal }) => {
    if (asked !== name) {
      if (++begun === lasting) allBegan();
      await new Promise((done) => signal.addEventListener("abort", done, { once: true }));
    }
    return DatasetMessage.fromPartial({ name: asked });
  });
  const given = new AbortController();
  const { signal } = given;
  const waiting = Array.from({ length: lasting }, () => datasets.getDataset({ name: `${name}-lasting` }, { signal }));
  const ended = Promise.allSettled(waiting);
  await began;
  assert.equal((await datasets.getDataset(request)).name, name);
  given.abort();
  await ended;
});

test("a fault leaks nothing but a trace id, under which the log holds the stack", async (t) => {
  const { datasets, lines } = await serve(t, async () => {
    throw new TypeError("secret: /etc/passwd");
  });
  const error = await datasets.getDataset(request).catch((reason) => reason);
  assert.ok(isPssrError(error, "INTERNAL"));
  assert.doesNotMatch(JSON.stringify([error.message, error.metadata]), /secret/);
  const line = lines.find(({ msg }) => msg === "call failed");
  assert.equal(line?.trace_id, error.metadata.trace_id);
  assert.match(JSON.stringify(line?.err), /secret: \/etc\/passwd.*at /);
});

test("without a valid identity nothing runs", async (t) => {
  let runs = 0;
  const { server } = await serve(t, async () => {
    runs++;
    return DatasetMessage.fromPartial({});
  });
  const foreign = new Metadata();
  foreign.set("authorization", `Bearer ${await createProcessKeyring().issue(anna)}`);
  for (const metadata of [new Metadata(), foreign]) {
    const error = await rawCall(server.address, "/pssr.v1.DatasetService/GetDataset", metadata);
    assert.equal(error.code, status.UNAUTHENTICATED);
    assert.equal(
      errorOf(RpcStatus.decode(error.metadata.get(statusDetailsKey)[0] as Buffer))?.reason,
      "UNAUTHENTICATED",
    );
  }
  assert.equal(runs, 0);
});

test("another project's resources do not exist, wherever a request names them", async (t) => {
  const { datasets } = await serve(t, async () => DatasetMessage.fromPartial({}));
  await assert.rejects(datasets.getDataset({ name: "projects/em2/datasets/d" }), (e) => isPssrError(e, "NOT_FOUND"));
  const create = CreateDatasetRequest.fromPartial({
    parent: "projects/em",
    dataset: { images: ["projects/other/images/i"] },
  });
  await assert.rejects(datasets.createDataset(create), (e) => isPssrError(e, "NOT_FOUND"));
});

test("a role too low is refused by name", async (t) => {
  const { server, keyring } = await serve(t, async () => DatasetMessage.fromPartial({}));
  const viewer = connectService(server.address, {
    peer: "test",
    token: tokenSource(keyring, { ...anna, role: "viewer" }),
  });
  t.after(async () => viewer.close());
  const client = viewer.client(DatasetServiceDefinition);
  await client.getDataset(request);
  await assert.rejects(client.deleteDataset(request), (e) => isPssrError(e, "PERMISSION_DENIED"));
});

test("each message of a client stream is authorised", async (t) => {
  const log = createLogger({ service: "test", level: "silent" });
  const keyring = createProcessKeyring();
  const seen: string[] = [];
  const none = async (): Promise<never> => assert.fail("not called");
  async function* nothing(): AsyncGenerator<never> {}
  const server = await startGrpcServer({
    bind: "127.0.0.1:0",
    authenticator: bearerAuthenticator(keyring),
    log,
    services: [
      grpcService(ImageServiceDefinition, {
        async writeUpload(chunks) {
          for await (const chunk of chunks) seen.push(chunk.name);
          return {};
        },
        createUpload: none,
        getUpload: none,
        deleteUpload: none,
        createImage: none,
        getImage: none,
        listImages: none,
        deleteImage: none,
        registerImage: none,
        reserveImage: none,
        releaseImage: none,
        downloadImage: nothing,
        readPixels: nothing,
      }),
    ],
  });
  t.after(() => server.close({ graceMs: 0 }));
  const connection = connectService(server.address, { peer: "test", token: tokenSource(keyring, anna) });
  t.after(async () => connection.close());
  async function* chunks() {
    yield { name: "projects/em/uploads/u" };
    yield { name: "" };
    yield { name: "projects/other/uploads/u" };
  }
  await assert.rejects(connection.client(ImageServiceDefinition).writeUpload(chunks()), (e) =>
    isPssrError(e, "NOT_FOUND"),
  );
  assert.deepEqual(seen, ["projects/em/uploads/u", ""]);
});

/** The status with which a call of GetDataset ends that names no deadline. */
async function codeWithoutDeadline(t: TestContext, address: string, keyring: Keyring): Promise<unknown> {
  const metadata = new Metadata();
  metadata.set("authorization", `Bearer ${await keyring.issue(anna)}`);
  const client = new Client(address, ChannelCredentials.createInsecure());
  t.after(async () => client.close());
  return new Promise((resolve) => {
    const raw = (bytes: Buffer) => bytes;
    const body = Buffer.from([0x0a, name.length, ...Buffer.from(name)]);
    client.makeUnaryRequest("/pssr.v1.DatasetService/GetDataset", raw, raw, body, metadata, (error) =>
      resolve(error?.code),
    );
  });
}

test("a unary call without a deadline gets the default one, and its handler's signal fires", async (t) => {
  const { promise: stopped, resolve: stop } = defer<void>();
  const hang: Get = async (_, { signal }) => {
    await aborted(signal);
    stop();
    throw signal.reason;
  };
  const { server, keyring } = await serve(t, hang, { limits: { defaultDeadline: 500 } });
  assert.equal(await codeWithoutDeadline(t, server.address, keyring), status.DEADLINE_EXCEEDED);
  await stopped;
});

test("a caller's longer deadline wins over the default", async (t) => {
  const { promise: begun, resolve: begin } = defer<void>();
  const { promise: released, resolve: release } = defer<void>();
  const { datasets, server, keyring } = await serve(
    t,
    async (_, { signal }) => {
      begin();
      await Promise.race([aborted(signal), released]);
      return DatasetMessage.fromPartial({ name: String(signal.aborted) });
    },
    { limits: { defaultDeadline: 20 } },
  );
  const patient = datasets.getDataset(request, { deadlineMs: 10_000 });
  await begun;
  // One that came later, and names no deadline, is over before it.
  assert.equal(await codeWithoutDeadline(t, server.address, keyring), status.DEADLINE_EXCEEDED);
  release();
  assert.equal((await patient).name, "false");
});

test("the server itself ends work whose deadline has passed, whatever its caller does", async (t) => {
  const { promise: stopped, resolve: stop } = defer<void>();
  const { server, keyring } = await serve(t, async (_, { signal }) => {
    await aborted(signal);
    stop();
    throw signal.reason;
  });
  const metadata = new Metadata();
  metadata.set("authorization", `Bearer ${await keyring.issue(anna)}`);
  metadata.set("grpc-timeout", "500m");
  const path = "/pssr.v1.DatasetService/GetDataset";
  const error = await rawCall(server.address, path, metadata, Number.POSITIVE_INFINITY);
  assert.equal(error.code, status.DEADLINE_EXCEEDED);
  await stopped;
});

test("a peer that accepts and never answers costs no more than the deadline", async (t) => {
  const silent = createTcpServer(() => {}).listen(0, "127.0.0.1");
  await once(silent, "listening");
  t.after(async () => void silent.close());
  const address = silent.address();
  assert.ok(address !== null && typeof address === "object");
  const connection = connectService(`127.0.0.1:${address.port}`, { peer: "silent", deadlineMs: 100 });
  t.after(async () => connection.close());
  const client = connection.client(DatasetServiceDefinition);
  await assert.rejects(client.getDataset(request), (e) => isPssrError(e, "DEADLINE_EXCEEDED"));
  await assert.rejects(connection.ready({ timeoutMs: 50 }), (e) => isPssrError(e, "UNAVAILABLE"));
});

test("a stop lets calls end within the grace time, and cancels those that do not", async (t) => {
  const { promise: entered, resolve: enter } = defer<void>();
  let cancelled = false;
  const { server, datasets } = await serve(t, async (_, { signal }) => {
    enter();
    await aborted(signal);
    cancelled = true;
    throw signal.reason;
  });
  const call = datasets.getDataset(request).catch((error) => error);
  await entered;
  const begun = performance.now();
  await server.close({ graceMs: 50 });
  assert.ok(performance.now() - begun >= 45);
  assert.ok(cancelled, "close returned before the handler did");
  assert.ok(isPssrError(await call));
});

test("a stop waits for a call that ends in time", async (t) => {
  const { promise: entered, resolve: enter } = defer<void>();
  const { promise: released, resolve: release } = defer<void>();
  const { server, datasets } = await serve(t, async () => {
    enter();
    await released;
    return DatasetMessage.fromPartial({ name });
  });
  const call = datasets.getDataset(request);
  await entered;
  const closed = server.close({ graceMs: 10_000 });
  release();
  await closed;
  assert.equal((await call).name, name);
});

test("an address that others reach is refused while no identity is configured", async (t) => {
  await assert.rejects(
    serve(t, async () => DatasetMessage.fromPartial({}), { bind: "0.0.0.0:0" }),
    (e) => isPssrError(e, "INVALID_CONFIGURATION") && /0\.0\.0\.0:0/.test(e.message),
  );
});

test("a port in use is named", async (t) => {
  const { server } = await serve(t, async () => DatasetMessage.fromPartial({}));
  await assert.rejects(
    serve(t, async () => DatasetMessage.fromPartial({}), { bind: server.address }),
    (e) => isPssrError(e, "INVALID_CONFIGURATION") && e.message.includes(server.address),
  );
});

/** How calls of a method have ended in this process. */
async function codesOf(metric: string, method: string): Promise<unknown[]> {
  const { values } = (await registry.getSingleMetric(metric)?.get()) ?? { values: [] };
  const codes = values.filter(({ labels }) => labels.grpc_method === method).map(({ labels }) => labels.grpc_code);
  return [...new Set(codes)];
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await once(signal, "abort");
}

function defer<T>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve: (value: T) => void = () => {};
  const promise = new Promise<T>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}
