/** What an operator sees of a process from outside, from its first moment to its last. */
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { Dataset, DatasetServiceDefinition } from "@pssr/api";
import { freePort, onFreePorts } from "@pssr/local-servers";
import {
  connectService,
  grpcService,
  identityKeys,
  mintFor,
  Probes,
  type Running,
  reflectionDefinition,
  reflectionServices,
  serviceProgram,
  sharedKeyring,
  startGrpcServer,
  startProbeServer,
  startProgram,
} from "@pssr/platform";
import { ClientError, createChannel, createClient } from "nice-grpc";
import { Status } from "nice-grpc-common";
import { reason } from "../reason.js";
import { temporaryDirectory } from "../temporary-directory.js";
import { probe, yes } from "./probing.js";

const key = "a key of at least thirty-two bytes, for the test";

interface Started {
  probes: string;
  metrics: string;
  running: Promise<Running>;
  /** Asked to stop, as SIGTERM does. */
  stop: AbortController;
}

/** A program with one service, which starts to listen once `gate` opens. A port of its own may be taken meanwhile. */
async function begin(context: TestContext, gate: () => Promise<void>, settings: Record<string, string> = {}) {
  const [probes, metrics] = [`127.0.0.1:${await freePort()}`, `127.0.0.1:${await freePort()}`];
  const none = async (): Promise<never> => assert.fail("not called");
  const getDataset = async ({ name }: { name: string }) => Dataset.fromPartial({ name });
  const implementation = { getDataset, createDataset: none, listDatasets: none, deleteDataset: none };
  const program = serviceProgram({
    name: "datasets",
    settings: {},
    async start(_config, { authenticator, log }) {
      await gate();
      const services = [grpcService(DatasetServiceDefinition, implementation)];
      return startGrpcServer({ bind: "127.0.0.1:0", services, authenticator, log });
    },
  });
  const env = {
    PSSR_DATA_DIR: await temporaryDirectory(context),
    PSSR_LOG_LEVEL: "silent",
    PSSR_IDENTITY_KEY: key,
    PSSR_PROBE_BIND: probes,
    PSSR_METRICS_BIND: metrics,
    ...settings,
  };
  const stop = new AbortController();
  const running = startProgram(program, { argv: [], env }, { signal: stop.signal, allow: () => undefined });
  return { probes, metrics, running, stop } satisfies Started;
}

/** The same, once it runs. */
function start(context: TestContext, settings?: Record<string, string>) {
  return onFreePorts(async () => {
    const begun = await begin(context, async () => undefined, settings);
    return { ...begun, ...(await begun.running) };
  });
}

async function call(address: string): Promise<string> {
  const keyring = sharedKeyring(identityKeys().read(key));
  const connection = connectService(address, { peer: "datasets", token: () => mintFor(keyring, "em", "somebody") });
  try {
    const name = "projects/em/datasets/a";
    return (await connection.client(DatasetServiceDefinition).getDataset({ name })).name;
  } finally {
    connection.close();
  }
}

test("a process lives before it is ready, is ready once it listens, and says that it stops while it still takes calls", async (context) => {
  let open = (): void => undefined;
  const gate = new Promise<void>((resolve) => {
    open = resolve;
  });
  const { probes, running, stop } = await onFreePorts(async () => {
    const begun = await begin(context, () => gate, { PSSR_STOP_DELAY: "1s" });
    await Promise.race([begun.running, untilThere(begun.metrics, begun.probes)]);
    return begun;
  });
  assert.deepEqual(await yes(probes), ["liveness"]);
  open();
  const { address, close } = await running;
  assert.deepEqual(await yes(probes), ["", "liveness", "readiness", "startup"]);
  stop.abort();
  assert.deepEqual(await yes(probes), ["liveness", "startup"]);
  const closed = close();
  assert.equal(await call(address), "projects/em/datasets/a");
  await closed;
  await assert.rejects(probe(probes, "liveness"), unreachable);
  await assert.rejects(call(address), reason("UNAVAILABLE"));
});

test("a process that is asked to stop begins no further work, from that moment on and while it still takes calls", async (context) => {
  let claiming = true;
  let ran = false;
  let submit: () => Promise<{ name: string }> = () => assert.fail("not started");
  const program = serviceProgram({
    name: "things",
    settings: {},
    async start(_config, { authenticator, log, operations }) {
      const run = async () => {
        ran = true;
        return { value: { type: "Thing", bytes: new Uint8Array() } };
      };
      operations.register({ kind: "thing", concurrency: 1, run, materialise: async () => undefined });
      const request = { type: "Thing", bytes: new Uint8Array() };
      const asked = { kind: "thing", project: "em", principal: "ann", resource: "a", request };
      submit = () => operations.submit(asked);
      const server = await startGrpcServer({ bind: "127.0.0.1:0", services: [], authenticator, log });
      const stopClaiming = () => {
        claiming = false;
      };
      return { address: server.address, bound: server.bound, stopClaiming, close: (options) => server.close(options) };
    },
  });
  const env = {
    PSSR_DATA_DIR: await temporaryDirectory(context),
    PSSR_LOG_LEVEL: "silent",
    PSSR_IDENTITY_KEY: key,
    PSSR_STOP_DELAY: "500ms",
  };
  const stop = new AbortController();
  const { close } = await startProgram(program, { argv: [], env }, { signal: stop.signal, allow: () => undefined });
  stop.abort();
  assert.equal(claiming, false);
  const closed = close();
  await submit();
  await closed;
  assert.equal(ran, false);
});

test("a start that fails leaves nothing that listens", async (context) => {
  const { probes, metrics, running } = await begin(context, () => Promise.reject(new Error("no native library")));
  await assert.rejects(running, /no native library/);
  await assert.rejects(probe(probes, "liveness"), unreachable);
  await assert.rejects(fetch(`http://${metrics}/metrics`));
});

test("an address that cannot be listened on is refused by the name of its setting", async (context) => {
  const { probes, metrics, close } = await start(context);
  try {
    for (const [variable, field, taken] of [
      ["PSSR_PROBE_BIND", "probeBind", probes],
      ["PSSR_METRICS_BIND", "metricsBind", metrics],
    ] as const) {
      const { running } = await begin(context, async () => undefined, { [variable]: taken });
      await assert.rejects(running, { reason: "INVALID_CONFIGURATION", field });
    }
  } finally {
    await close();
  }
});

test("probes answer their three questions and nothing else", async (context) => {
  const server = await startProbeServer("127.0.0.1:0", new Probes());
  const channel = createChannel(server.address);
  context.after(() => {
    channel.close();
    server.close();
  });
  await assert.rejects(probe(server.address, "pssr.v1.DatasetService"), hasCode(Status.NOT_FOUND));
  async function* ask() {
    yield { kind: "listServices" } as const;
  }
  const reflection = createClient(reflectionDefinition(reflectionServices[0]), channel);
  await assert.rejects(async () => {
    for await (const _ of reflection.serverReflectionInfo(ask())) assert.fail("reflection is served");
  }, hasCode(Status.UNIMPLEMENTED));
});

test("a process that is beyond repair is neither live nor ready, whatever comes then", async (context) => {
  const probes = new Probes();
  const server = await startProbeServer("127.0.0.1:0", probes);
  context.after(() => server.close());
  probes.beyondRepair();
  probes.started();
  assert.deepEqual(await yes(server.address), ["startup"]);
});

test("metrics are told to whoever asks for them by GET, and nothing else is", async (context) => {
  const { metrics, close } = await start(context);
  try {
    const told = await fetch(`http://${metrics}/metrics`);
    assert.equal(told.status, 200);
    assert.match(told.headers.get("content-type") ?? "", /^text\/plain; version=0\.0\.4/);
    assert.match(await told.text(), /^process_resident_memory_bytes \d+$/m);
    for (const [path, method] of [
      ["/", "GET"],
      ["/metrics/", "GET"],
      ["/metrics", "POST"],
    ] as const) {
      assert.equal((await fetch(`http://${metrics}${path}`, { method })).status, 404, `${method} ${path}`);
    }
  } finally {
    await close();
  }
});

const unreachable = hasCode(Status.UNAVAILABLE);

function hasCode(code: Status) {
  return (error: unknown) => error instanceof ClientError && error.code === code;
}

/** Returns once both listen, and the process says that it lives. */
async function untilThere(metrics: string, probes: string): Promise<void> {
  for (;;) {
    try {
      assert.equal(await probe(probes, "liveness"), true);
      break;
    } catch (error) {
      if (!unreachable(error)) throw error;
    }
  }
  while ((await fetch(`http://${metrics}/metrics`).catch(() => undefined)) === undefined); // not yet
}
