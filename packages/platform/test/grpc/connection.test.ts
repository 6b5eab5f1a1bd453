/** What a connection does when instances come and go, or take it and say nothing. */
import assert from "node:assert/strict";
import { type ChildProcess, fork, spawn } from "node:child_process";
import dns from "node:dns";
import { once } from "node:events";
import { createServer as createHttp2Server, type ServerHttp2Stream } from "node:http2";
import { type AddressInfo, connect as connectTcp, createServer, type Server, type Socket } from "node:net";
import { type TestContext, test } from "node:test";
import { DatasetServiceDefinition, isPssrError, OperationWatchServiceDefinition } from "@pssr/api";
import { connectService, type GrpcLimits, identityKeys, kinds, mintFor, sharedKeyring } from "@pssr/platform";

const secret = "a key of at least thirty-two bytes, for the test";
const keyring = sharedKeyring(identityKeys().read(secret));
const name = "projects/em/datasets/d";

interface Instance {
  address: string;
  process: ChildProcess;
}

async function startInstance(t: TestContext, instance: string, bind: string, ...settings: string[]): Promise<Instance> {
  const child = fork(new URL("./answering-process.js", import.meta.url), [bind, instance, secret, ...settings]);
  t.after(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, "exit");
    child.kill("SIGKILL");
    await exited;
  });
  const [address] = (await once(child, "message")) as [string];
  return { address, process: child };
}

function open(t: TestContext, target: string, limits: Partial<GrpcLimits> = {}) {
  const token = () => mintFor(keyring, "em", "somebody");
  const connection = connectService(kinds.target().read(target)!, { peer: "test", token, limits });
  t.after(async () => connection.close());
  const datasets = connection.client(DatasetServiceDefinition);
  return {
    connection,
    /** Which instance answered. */
    ask: async () => (await datasets.getDataset({ name })).digest,
    /** The same by a call that is never sent again. */
    askOnce: async () => (await datasets.createDataset({ parent: "projects/em" })).digest,
    watches: connection.client(OperationWatchServiceDefinition),
  };
}

test("a reader of large streams has more on its way, who does not ask for it has not", async (t) => {
  const server = createHttp2Server();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(async () => server.close());
  const { port } = server.address() as AddressInfo;
  for (const [given, expected] of [
    [{ streamWindow: 2 ** 20 }, 2 ** 20],
    [{}, 2 ** 16 - 1],
  ] as const) {
    const window = once(server, "stream").then(([stream]: ServerHttp2Stream[]) => {
      stream!.close();
      return stream!.session!.remoteSettings.initialWindowSize;
    });
    const connection = connectService(`127.0.0.1:${port}`, { peer: "test", ...given });
    const asked = connection.client(DatasetServiceDefinition).getDataset({ name });
    await assert.rejects(asked);
    assert.equal(await window, expected);
    connection.close();
  }
});

/** A server that takes connections and never says a word. */
async function silence(t: TestContext, port = 0): Promise<{ port: number; server: Server; sockets: Set<Socket> }> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined).on("close", () => sockets.delete(socket));
  });
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  t.after(async () => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const address = server.address();
  assert.ok(address !== null && typeof address === "object");
  return { port: address.port, server, sockets };
}

/** Asks until an answer comes; what fails in between must be a peer that cannot be reached. */
async function untilAnswered(ask: () => Promise<string>): Promise<string> {
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (!isPssrError(error, "UNAVAILABLE")) throw error;
    }
  }
}

test("a connection that is taken in silence is given up, and the next attempt finds the server that is there then", async (t) => {
  const silent = await silence(t);
  const { ask } = open(t, `127.0.0.1:${silent.port}`, { connectTimeout: 200 });
  const first = ask().catch((error) => error);
  const [socket] = (await once(silent.server, "connection")) as [Socket];
  await once(socket.resume(), "close");
  // Its words are those of the last of several attempts, which on a busy machine may be that grpc-js closed it.
  const error = await first;
  assert.ok(isPssrError(error, "UNAVAILABLE"), String(error));
  silent.server.close();
  await startInstance(t, "good", `127.0.0.1:${silent.port}`);
  assert.equal(await untilAnswered(ask), "good");
});

test("beside an instance that is silent the others answer, and it is used again once it speaks", async (t) => {
  const silent = await silence(t);
  const good = await startInstance(t, "good", "127.0.0.1:0");
  const { ask } = open(t, `127.0.0.1:${silent.port},${good.address}`, { connectTimeout: 200 });
  for (let i = 0; i < 5; i++) assert.equal(await ask(), "good");
  for (const socket of silent.sockets) socket.resume();
  silent.server.close();
  await startInstance(t, "late", `127.0.0.1:${silent.port}`);
  while ((await ask()) !== "late");
});

test("a connection that nobody takes is given up like one that is taken in silence", async (t) => {
  // Stopped, a process takes no connection out of its queue; when that is full, its kernel drops what else comes.
  const script = `require("node:net").createServer().listen({ port: 0, host: "127.0.0.1", backlog: 1 }, function () { console.log(this.address().port) })`;
  const child = spawn(process.execPath, ["-e", script], { stdio: ["ignore", "pipe", "inherit"] });
  t.after(async () => void child.kill("SIGKILL"));
  const port = Number(String((await once(child.stdout, "data"))[0]));
  child.kill("SIGSTOP");
  for (let connected = true; connected; ) {
    const socket = connectTcp(port, "127.0.0.1");
    t.after(async () => void socket.destroy());
    connected = await Promise.race([
      once(socket, "connect").then(() => true),
      new Promise<boolean>((full) => setTimeout(() => full(false), 500)),
    ]);
  }
  const { ask } = open(t, `127.0.0.1:${port}`, { connectTimeout: 200 });
  await assert.rejects(ask(), (error) => isPssrError(error, "UNAVAILABLE") && /timed out/.test(error.message));
});

test("calls spread over all instances; when one is killed, calls that may be repeated go on without one failure", async (t) => {
  const [one, two] = await Promise.all([
    startInstance(t, "one", "127.0.0.1:0"),
    startInstance(t, "two", "127.0.0.1:0"),
  ]);
  const { ask, connection } = open(t, `${one.address},${two.address}`);
  await connection.ready({ timeoutMs: 10_000 });
  const answers = new Set<string>();
  while (answers.size < 2) answers.add(await ask());
  const counts = new Map<string, number>();
  for (let i = 0; i < 100; i++) {
    const answer = await ask();
    counts.set(answer, (counts.get(answer) ?? 0) + 1);
  }
  assert.deepEqual(Object.fromEntries(counts), { one: 50, two: 50 });

  const exited = once(one.process, "exit");
  one.process.kill("SIGKILL");
  for (let i = 0; i < 100; i++) {
    const answer = await ask();
    if (i > 0) assert.equal(answer, "two");
  }
  await exited;
});

test("an old connection is left for a new one without a failed call, and a stream over it goes on", async (t) => {
  const settings = ["--connection-age", "200ms", "--connection-grace", "10s"];
  const { address } = await startInstance(t, "only", "127.0.0.1:0", ...settings);
  const { askOnce, watches } = open(t, address);
  const stop = new AbortController();
  t.after(async () => stop.abort());
  const stream = watches.watchOperation({ name: "projects/em/operations/o" }, { signal: stop.signal });
  let streamed = 0;
  const watching = (async () => {
    for await (const _ of stream) streamed++;
  })();
  watching.catch(() => undefined);
  const until = performance.now() + 2_000;
  let calls = 0;
  while (performance.now() < until || calls < 100) {
    assert.equal(await askOnce(), "only");
    calls++;
  }
  const before = streamed;
  while (streamed === before) await Promise.race([askOnce(), watching]);
});

test("an instance that is added behind a name is found", async (t) => {
  // Behind a name of Kubernetes there are as many addresses as instances; here the resolver is told which.
  const addresses = ["127.0.0.1"];
  t.mock.method(dns.promises, "lookup", async () => addresses.map((address) => ({ address, family: 4 })));
  const settings = ["--connection-age", "200ms"];
  const one = await startInstance(t, "one", "127.0.0.1:0", ...settings);
  const port = one.address.slice(one.address.lastIndexOf(":"));
  const { ask } = open(t, `dns:///pssr-train.test${port}`);
  assert.equal(await ask(), "one");
  await startInstance(t, "two", `127.0.0.2${port}`, ...settings);
  addresses.push("127.0.0.2");
  const answers = new Set<string>();
  while (answers.size < 2) answers.add(await ask());
});

test("what a connection is told where to go is an address, a name, or several IP addresses", () => {
  const { read } = kinds.target();
  assert.equal(read("train:7702"), "train:7702");
  assert.equal(read("dns:///train:7702"), "dns:///train:7702");
  assert.equal(read("10.0.0.1:7702,10.0.0.2:7702"), "ipv4:10.0.0.1:7702,10.0.0.2:7702");
  assert.equal(read("ipv6:[::1]:7702,[::2]:7702"), "ipv6:[::1]:7702,[::2]:7702");
  for (const wrong of [
    "",
    "train",
    "train:7702,predict:7703",
    "10.0.0.1:1,[::1]:2",
    "ipv6:10.0.0.1:1",
    "dns:///a:1,b:2",
  ])
    assert.equal(read(wrong), undefined, wrong);
});
