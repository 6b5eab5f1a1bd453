import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import {
  type CreateDatasetRequest,
  Dataset,
  DatasetServiceDefinition,
  type DeleteDatasetRequest,
  Empty,
  type GetDatasetRequest,
  isPssrError,
  PssrError,
  repeatRule,
} from "@pssr/api";
import {
  bearerAuthenticator,
  connectService,
  contractDescriptors,
  createLogger,
  createProcessKeyring,
  grpcService,
  startGrpcServer,
  tokenSource,
} from "@pssr/platform";

const parent = "projects/em";
const name = `${parent}/datasets/d`;

/** A service of which every method fails so often before it answers, and counts how often it was called. */
async function serve(t: TestContext, failures: number, reason: "UNAVAILABLE" | "INTERNAL" = "UNAVAILABLE") {
  let calls = 0;
  const answer = async <T>(response: T): Promise<T> => {
    calls++;
    if (calls <= failures) throw new PssrError(reason, "not now");
    return response;
  };
  const keyring = createProcessKeyring();
  const server = await startGrpcServer({
    bind: "127.0.0.1:0",
    services: [
      grpcService(DatasetServiceDefinition, {
        getDataset: (_: GetDatasetRequest) => answer(Dataset.fromPartial({ name })),
        createDataset: (_: CreateDatasetRequest) => answer(Dataset.fromPartial({ name })),
        deleteDataset: (_: DeleteDatasetRequest) => answer(Empty.fromPartial({})),
        listDatasets: () => answer({ datasets: [], nextPageToken: "" }),
      }),
    ],
    authenticator: bearerAuthenticator(keyring),
    log: createLogger({ service: "test", level: "silent" }),
  });
  t.after(() => server.close({ graceMs: 0 }));
  const token = tokenSource(keyring, { principal: "anna", projects: ["em"], role: "operator" });
  const connection = connectService(server.address, { peer: "test", token });
  t.after(async () => connection.close());
  return { datasets: connection.client(DatasetServiceDefinition), calls: () => calls };
}

const isUnavailable = (error: unknown) => isPssrError(error, "UNAVAILABLE");

test("every call with one request and one response is decided on, with a reason", () => {
  const unary = [...contractDescriptors().methods].filter(
    ([path, { methodKind }]) => methodKind === "unary" && !path.startsWith("/grpc."),
  );
  assert.ok(unary.length > 30);
  for (const [path] of unary) assert.ok(repeatRule(path)?.because, path);
});

test("a read that meets an instance that goes away is sent again", async (t) => {
  const { datasets, calls } = await serve(t, 2);
  assert.equal((await datasets.getDataset({ name })).name, name);
  assert.equal(calls(), 3);
});

test("a create is sent again under its request_id only, a delete never", async (t) => {
  const named = await serve(t, 1);
  await named.datasets.createDataset({ parent, datasetId: "d", requestId: "once" });
  assert.equal(named.calls(), 2);
  const unnamed = await serve(t, 1);
  await assert.rejects(unnamed.datasets.createDataset({ parent, datasetId: "d" }), isUnavailable);
  assert.equal(unnamed.calls(), 1);
  const deleting = await serve(t, 1);
  await assert.rejects(deleting.datasets.deleteDataset({ name }), isUnavailable);
  assert.equal(deleting.calls(), 1);
});

test("a fault is not tried again", async (t) => {
  const { datasets, calls } = await serve(t, 1, "INTERNAL");
  await assert.rejects(datasets.getDataset({ name }), (error) => isPssrError(error, "INTERNAL"));
  assert.equal(calls(), 1);
});

test("tries are few, and end within the call's deadline", async (t) => {
  const { datasets, calls } = await serve(t, Number.POSITIVE_INFINITY);
  await assert.rejects(datasets.getDataset({ name }), isUnavailable);
  assert.equal(calls(), 4);
  const begun = performance.now();
  await assert.rejects(datasets.getDataset({ name }, { deadlineMs: 120 }), isPssrError);
  assert.ok(performance.now() - begun < 2_000);
  assert.ok(calls() < 8);
});

// On a service of its own: a try that was under way when its deadline passed may be counted after it was given up.
test("tries end with their caller", async (t) => {
  const { datasets, calls } = await serve(t, Number.POSITIVE_INFINITY);
  const caller = new AbortController();
  const given = datasets.getDataset({ name }, { signal: caller.signal });
  while (calls() === 0) await new Promise(setImmediate);
  caller.abort();
  await assert.rejects(given);
  assert.equal(calls(), 1);
});
