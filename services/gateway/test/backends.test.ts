import assert from "node:assert/strict";
import { EventEmitter, once } from "node:events";
import { type TestContext, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { type Client, Metadata, type ServiceError, status } from "@grpc/grpc-js";
import { errorOf, isPssrError, RpcStatus, statusDetailsKey } from "@pssr/api";
import { freePort } from "@pssr/local-servers";
import { createLogger, type ReflectionAnswer, reflectionDefinition } from "@pssr/platform";
import { createChannel, createClient } from "nice-grpc";
import { HealthDefinition } from "nice-grpc-server-health";
import { defer, openGateway, raw } from "./bench.js";
import { startEcho } from "./echo-backend.js";

/** grpc.health.v1.HealthCheckResponse.ServingStatus */
const serving = 1;
const notServing = 2;

const answering = {
  Unary: (_: unknown, callback: (error: null, bytes: Buffer) => void) => callback(null, Buffer.from("here")),
};

function call(client: Client, service: string): Promise<Buffer | ServiceError> {
  return new Promise((resolve) => {
    const options = { deadline: Date.now() + 10_000 };
    client.makeUnaryRequest(`/${service}/Unary`, raw, raw, Buffer.alloc(0), new Metadata(), options, (error, body) =>
      resolve(error ?? body!),
    );
  });
}

/** Repeats a call until its answer is as wanted: the gateway notices what happens to a backend in its own time. */
async function until(client: Client, service: string, wanted: (answer: Buffer | ServiceError) => boolean) {
  for (;;) {
    const answer = await call(client, service);
    if (wanted(answer)) return answer;
  }
}

async function healthOf(t: TestContext, address: string, service: string): Promise<() => Promise<number>> {
  const channel = createChannel(address);
  t.after(async () => channel.close());
  const client = createClient(HealthDefinition, channel);
  return async () => (await client.check({ service })).status;
}

test("a service that is down is UNAVAILABLE and says when to try again; the others are not affected; it comes back", async (t) => {
  const first = await startEcho(answering, { service: "a.v1.OneService" });
  const other = await startEcho(answering, { service: "b.v1.TwoService" });
  t.after(() => other.stop());
  const { client, gateway } = await openGateway(t, {
    backends: { one: first.address, two: other.address },
    flags: ["--backend-patience", "100ms"],
  });
  const healthOfOne = await healthOf(t, gateway.address, "a.v1.OneService");
  assert.equal(String(await call(client, "a.v1.OneService")), "here");
  assert.equal(await healthOfOne(), serving);

  first.stop();
  const error = await until(client, "a.v1.OneService", (answer) => "code" in answer);
  assert.ok("code" in error);
  assert.equal(error.code, status.UNAVAILABLE);
  const rich = RpcStatus.decode(error.metadata.get(statusDetailsKey)[0] as Buffer);
  const typed = errorOf(rich);
  assert.ok(isPssrError(typed, "UNAVAILABLE") && typed.metadata.service === "one");
  assert.ok(rich.details.some(({ typeUrl }) => typeUrl.endsWith("google.rpc.RetryInfo")));
  assert.equal(String(await call(client, "b.v1.TwoService")), "here");
  while ((await healthOfOne()) !== notServing);

  const again = await startEcho(answering, { service: "a.v1.OneService", bind: first.address });
  t.after(() => again.stop());
  assert.equal(String(await until(client, "a.v1.OneService", (answer) => !("code" in answer))), "here");
  while ((await healthOfOne()) !== serving);
});

test("until a service has been seen its methods are UNAVAILABLE; what nobody serves is UNIMPLEMENTED then", async (t) => {
  const address = `127.0.0.1:${await freePort()}`;
  const flags = ["--backend-wait", "0ms", "--backend-patience", "100ms"];
  const { client } = await openGateway(t, { backends: { predict: address }, flags });
  const codeOf = async (service: string, method: string) =>
    new Promise<status>((resolve) => {
      const options = { deadline: Date.now() + 10_000 };
      client.makeUnaryRequest(`/${service}/${method}`, raw, raw, Buffer.alloc(0), new Metadata(), options, (error) =>
        resolve(error?.code ?? status.OK),
      );
    });
  assert.equal(await codeOf("pssr.v1.PredictionService", "ListPredictions"), status.UNAVAILABLE);
  const late = await startEcho(answering, { service: "a.v1.OneService", bind: address });
  t.after(late.stop);
  while ((await codeOf("a.v1.OneService", "Unary")) !== status.OK);
  assert.equal(await codeOf("pssr.v1.PredictionService", "ListPredictions"), status.UNIMPLEMENTED);
});

test("a service that is not there is worth one warning, and only once that has lasted", async (t) => {
  const lines: { level: string; msg: string; backend?: string }[] = [];
  const logged = new EventEmitter();
  const write = (line: string) => {
    lines.push(JSON.parse(line));
    logged.emit("line");
  };
  const levels = () => lines.filter(({ msg }) => msg === "backend cannot be reached").map(({ level }) => level);
  const log = createLogger({ service: "test", level: "debug", destination: { write } });
  const address = `127.0.0.1:${await freePort()}`;
  const flags = ["--backend-wait", "0ms", "--backend-patience", "250ms"];
  await openGateway(t, { backends: { one: address }, flags, log });
  while (!levels().includes("warn")) await once(logged, "line");
  const before = levels();
  assert.ok(before.length > 1 && before.indexOf("warn") === before.length - 1, before.join());
  while (levels().length < before.length + 1) await once(logged, "line");
  assert.equal(levels().at(-1), "debug");
  const late = await startEcho(answering, { service: "a.v1.OneService", bind: address });
  t.after(late.stop);
  while (!lines.some(({ msg }) => msg === "backend is there")) await once(logged, "line");
});

test("while the only instance of a service is replaced no call fails: it waits", async (t) => {
  const first = await startEcho(answering, { service: "a.v1.OneService" });
  const { client } = await openGateway(t, { backends: { one: first.address } });
  let instance = first;
  let calls = 0;
  let isReplaced = false;
  const calling = (async () => {
    while (!isReplaced) {
      assert.equal(String(await call(client, "a.v1.OneService")), "here");
      calls += 1;
    }
  })();
  for (let i = 0; i < 3; i++) {
    const before = calls;
    while (calls === before) await sleep(10);
    await instance.leave();
    await sleep(300); // nobody is there
    instance = await startEcho(answering, { service: "a.v1.OneService", bind: first.address });
    t.after(instance.stop);
  }
  isReplaced = true;
  await calling;
});

/** Two instances of one service, each answering with its name. */
async function twoInstances(t: TestContext) {
  const named = (name: string) => ({
    Unary: (_: unknown, callback: (error: null, bytes: Buffer) => void) => callback(null, Buffer.from(name)),
  });
  const one = await startEcho(named("one"), { service: "a.v1.OneService" });
  const two = await startEcho(named("two"), { service: "a.v1.OneService" });
  for (const echo of [one, two]) t.after(() => echo.stop());
  return { one, two, named, target: `ipv4:${one.address},${two.address}` };
}

test("calls spread over the instances of a service; one that leaves takes no route and no call with it", async (t) => {
  const { one, target } = await twoInstances(t);
  const { client, gateway } = await openGateway(t, {
    backends: { one: target },
    flags: ["--backend-refresh", "100ms"],
  });
  const health = await healthOf(t, gateway.address, "a.v1.OneService");
  for (const name of ["one", "two"]) await until(client, "a.v1.OneService", (answer) => String(answer) === name);

  one.stop();
  const lost: (Buffer | ServiceError)[] = [];
  const until2s = performance.now() + 2_000;
  while (performance.now() < until2s) {
    const answer = await call(client, "a.v1.OneService");
    if (String(answer) !== "two") lost.push(answer);
    assert.equal(await health(), serving);
  }
  // Calls are made one after the other: no more than the one under way can be lost.
  assert.ok(lost.length <= 1, lost.map(String).join("\n"));
  for (const answer of lost) assert.ok(!("code" in answer) || answer.code === status.UNAVAILABLE);
});

test("an update that replaces one instance after the other brings new methods, and takes none away meanwhile", async (t) => {
  const { one, two, named, target } = await twoInstances(t);
  const { client } = await openGateway(t, { backends: { one: target }, flags: ["--backend-refresh", "100ms"] });
  one.stop();
  const renewed = { service: "a.v1.OneService", more: ["a.v1.NewService"] };
  const first = await startEcho(named("one"), { ...renewed, bind: one.address });
  t.after(() => first.stop());
  // It is known from the new instance; the old one, which does not have it, answers some of the calls.
  await until(client, "a.v1.NewService", (answer) => String(answer) === "one");
  for (let i = 0; i < 50; i++) {
    const old = await call(client, "a.v1.OneService");
    assert.ok(!("code" in old), String(old));
    const answer = await call(client, "a.v1.NewService");
    assert.ok(!("code" in answer) || !/not served/.test(answer.details), String(answer));
  }
  two.stop();
  const second = await startEcho(named("two"), { ...renewed, bind: two.address });
  t.after(() => second.stop());
  await until(client, "a.v1.NewService", (answer) => String(answer) === "two");
});

test("connections to a service that are renewed cost no call", async (t) => {
  const echo = await startEcho(answering, {
    service: "a.v1.OneService",
    options: { "grpc.max_connection_age_ms": 200, "grpc.max_connection_age_grace_ms": 5_000 },
  });
  t.after(() => echo.stop());
  const { client } = await openGateway(t, { backends: { one: echo.address } });
  const end = performance.now() + 2_000;
  while (performance.now() < end) assert.equal(String(await call(client, "a.v1.OneService")), "here");
});

test("a service that starts after the gateway is found, and a new version's methods are served without a restart", async (t) => {
  const bind = `127.0.0.1:${await freePort()}`;
  const { client } = await openGateway(t, { backends: { late: bind }, flags: ["--backend-wait", "0s"] });
  const early = await call(client, "a.v1.LateService");
  assert.ok("code" in early && early.code === status.UNIMPLEMENTED);

  const old = await startEcho(answering, { service: "a.v1.LateService", bind });
  await until(client, "a.v1.LateService", (answer) => !("code" in answer));

  old.stop();
  const renewed = await startEcho(answering, { service: "a.v2.LateService", bind });
  t.after(() => renewed.stop());
  await until(client, "a.v2.LateService", (answer) => !("code" in answer));
  const gone = await call(client, "a.v1.LateService");
  assert.ok("code" in gone && gone.code === status.UNIMPLEMENTED);
});

test("reflection shows the services of all backends and the gateway's own, with their files", async (t) => {
  const echo = await startEcho({}, { service: "a.v1.OneService" });
  t.after(() => echo.stop());
  const { gateway } = await openGateway(t, { backends: { one: echo.address } });
  const channel = createChannel(gateway.address);
  t.after(async () => channel.close());
  const client = createClient(reflectionDefinition("grpc.reflection.v1alpha.ServerReflection"), channel);
  const answers: ReflectionAnswer[] = [];
  async function* questions() {
    yield { kind: "listServices" } as const;
    yield { kind: "fileContainingSymbol", symbol: "a.v1.OneService" } as const;
    yield { kind: "fileContainingSymbol", symbol: "google.longrunning.Operations.GetOperation" } as const;
  }
  for await (const { answer } of client.serverReflectionInfo(questions())) answers.push(answer);
  assert.deepEqual(answers[0], {
    kind: "services",
    names: [
      "grpc.health.v1.Health",
      "google.longrunning.Operations",
      "pssr.v1.OperationWatchService",
      "a.v1.OneService",
    ],
  });
  assert.deepEqual(
    answers.slice(1).map(({ kind }) => kind),
    ["files", "files"],
  );
});

test("an address that others reach is refused, for callers would need no token", async (t) => {
  await assert.rejects(
    openGateway(t, { bind: "0.0.0.0:0" }),
    (error) => isPssrError(error, "INVALID_CONFIGURATION") && /--tokens-file/.test(error.message),
  );
});

test("a stop cancels what does not end within the grace time", async (t) => {
  const entered = defer();
  const cancelled = defer();
  const echo = await startEcho({
    Unary(call) {
      call.on("cancelled", () => cancelled.resolve());
      entered.resolve();
    },
  });
  t.after(() => echo.stop());
  const { client, gateway } = await openGateway(t, { backends: { echo: echo.address } });
  const ended = call(client, "stranger.v1.EchoService");
  await entered.promise;
  await gateway.close({ graceMs: 50 });
  assert.ok("code" in (await ended));
  await cancelled.promise;
});

test("a stop waits for a call that ends in time", async (t) => {
  const entered = defer();
  const release = defer();
  const echo = await startEcho({
    async Unary(_, callback) {
      entered.resolve();
      await release.promise;
      callback(null, Buffer.from("in time"));
    },
  });
  t.after(() => echo.stop());
  const { client, gateway } = await openGateway(t, { backends: { echo: echo.address } });
  const ended = call(client, "stranger.v1.EchoService");
  await entered.promise;
  const closed = gateway.close({ graceMs: 10_000 });
  release.resolve();
  await closed;
  assert.equal(String(await ended), "in time");
});
