import assert from "node:assert/strict";
import { test } from "node:test";
import { Dataset, DatasetServiceDefinition } from "@pssr/api";
import {
  bearerAuthenticator,
  createLogger,
  createProcessKeyring,
  DescriptorFile,
  DescriptorIndex,
  grpcService,
  type ReflectionAnswer,
  type ReflectionQuestion,
  reflectionDefinition,
  reflectionServices,
  startGrpcServer,
} from "@pssr/platform";
import { createChannel, createClient } from "nice-grpc";
import { HealthDefinition } from "nice-grpc-server-health";

/** grpc.health.v1.HealthCheckResponse.ServingStatus */
const serving = 1;
const notServing = 2;

async function serve(t: { after(end: () => Promise<void>): void }) {
  const answer = async () => Dataset.fromPartial({});
  const none = async (): Promise<never> => assert.fail("not called");
  const implementation = { getDataset: answer, createDataset: none, listDatasets: none, deleteDataset: none };
  const server = await startGrpcServer({
    bind: "127.0.0.1:0",
    services: [grpcService(DatasetServiceDefinition, implementation)],
    authenticator: bearerAuthenticator(createProcessKeyring()),
    log: createLogger({ service: "test", level: "silent" }),
  });
  t.after(() => server.close({ graceMs: 0 }));
  const channel = createChannel(server.address);
  t.after(async () => channel.close());
  return { server, channel };
}

test("health answers per service, without an identity, and follows what the service says", async (t) => {
  const { server, channel } = await serve(t);
  const health = createClient(HealthDefinition, channel);
  const service = "pssr.v1.DatasetService";
  assert.equal((await health.check({ service: "" })).status, serving);
  assert.equal((await health.check({ service })).status, serving);
  server.setServing(false, service);
  assert.equal((await health.check({ service })).status, notServing);
  assert.equal((await health.check({ service: "" })).status, serving);
});

test("a health watch does not hold a stop up", async (t) => {
  const { server, channel } = await serve(t);
  const seen: number[] = [];
  const watch = (async () => {
    for await (const { status } of createClient(HealthDefinition, channel).watch({ service: "" })) {
      seen.push(status);
      if (seen.length === 1) void server.close({ graceMs: 100 });
    }
  })();
  await assert.rejects(watch);
  assert.equal(seen[0], serving);
});

for (const service of reflectionServices) {
  test(`${service} gives a client all it needs to call`, async (t) => {
    const { channel } = await serve(t);
    const client = createClient(reflectionDefinition(service), channel);
    async function* each(questions: ReflectionQuestion[]) {
      yield* questions;
    }
    const askAll = async (...questions: ReflectionQuestion[]) => {
      const answers: ReflectionAnswer[] = [];
      for await (const { answer } of client.serverReflectionInfo(each(questions))) answers.push(answer);
      return answers;
    };
    const [services, file, method, extensions, unknown] = await askAll(
      { kind: "listServices" },
      { kind: "fileContainingSymbol", symbol: "pssr.v1.DatasetService" },
      { kind: "fileContainingSymbol", symbol: "pssr.v1.DatasetService.GetDataset" },
      { kind: "extensionNumbers", type: "google.protobuf.MethodOptions" },
      { kind: "fileContainingSymbol", symbol: "pssr.v1.Nothing" },
    );
    assert.deepEqual(services, { kind: "services", names: ["pssr.v1.DatasetService", "grpc.health.v1.Health"] });
    assert.ok(file?.kind === "files" && method?.kind === "files");
    assert.deepEqual(file, method);
    assert.ok(extensions?.kind === "extensionNumbers" && extensions.numbers.includes(50401));
    assert.ok(unknown?.kind === "error" && unknown.code === 5);

    const files = new Map<string, Uint8Array>();
    for (let wanted = [DescriptorFile.parse(file.files[0]!).name]; wanted.length > 0; ) {
      const answers = await askAll(...wanted.map((name) => ({ kind: "fileByName", name }) as const));
      for (const [i, answer] of answers.entries()) {
        assert.ok(answer.kind === "files", wanted[i]);
        files.set(wanted[i]!, answer.files[0]!);
      }
      const imports = [...files.values()].flatMap((bytes) => DescriptorFile.parse(bytes).dependency);
      wanted = [...new Set(imports)].filter((name) => !files.has(name));
    }
    const index = new DescriptorIndex([...files.values()].map(DescriptorFile.parse));
    assert.equal(index.methods.get("/pssr.v1.DatasetService/GetDataset")?.input.typeName, "pssr.v1.GetDatasetRequest");
  });
}
