/** What an operator sees of work in a cluster and in one process: one trace, its ids in the logs, and numbers. */
import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { Prediction, Training } from "@pssr/api";
import { connect, finish } from "@pssr/client";
import { type CollectedSpan, TraceCollector } from "@pssr/local-servers";
import { temporaryFolder, up } from "../pssr.js";
import {
  preparePrediction,
  prepareTraining,
  startCluster,
  startPrediction,
  startTraining,
  type TestCluster,
} from "./cluster-job.js";
import { sum } from "./numbers.js";

let collector: TraceCollector;
let installation: TestCluster;
before(async () => {
  collector = await TraceCollector.start();
  const settings = { PSSR_OTLP_ENDPOINT: collector.url, PSSR_METRICS_BIND: "127.0.0.1:0" };
  installation = await startCluster({ instances: { predict: 2 }, settings });
});
after(async () => {
  await installation.stop();
  await collector.stop();
});

/** All spans of the trace that a call of this name began, once it is whole and `isEnough`. */
async function traceOf(
  call: string,
  isEnough: (names: string[], spans: CollectedSpan[]) => boolean,
): Promise<CollectedSpan[]> {
  const trace = () => {
    const root = collector.spans.find(({ name, parentId }) => name === call && parentId === "");
    return root === undefined ? [] : collector.spans.filter(({ traceId }) => traceId === root.traceId);
  };
  await collector.until(() => {
    const spans = trace();
    const ids = new Set(spans.map(({ spanId }) => spanId));
    const isWhole = spans.every(({ parentId }) => parentId === "" || ids.has(parentId));
    return (
      isWhole &&
      isEnough(
        spans.map(({ name }) => name),
        spans,
      )
    );
  });
  return trace();
}

/** Names of a span and of all above it, as "service: name". */
function pathOf(span: CollectedSpan, trace: CollectedSpan[]): string[] {
  const parent = trace.find(({ spanId }) => spanId === span.parentId);
  return [...(parent === undefined ? [] : pathOf(parent, trace)), `${span.service}: ${span.name}`];
}

function count(names: string[], wanted: string): number {
  return names.filter((name) => name === wanted).length;
}

test("one trace leads from the gateway's call over the queues to every tile, and the logs name it", async () => {
  await preparePrediction(installation);
  const operation = await startPrediction(installation, "traced");
  await finish(installation.client, operation, Prediction);
  const call = "pssr.v1.PredictionService/CreatePrediction";
  const register = "pssr.v1.ImageService/RegisterImage";
  const regions = 4;
  const trace = await traceOf(
    call,
    (names, spans) =>
      count(names, "attempt prediction") === 1 &&
      count(names, "tiles") === regions &&
      count(names, "work on prediction.region") >= regions &&
      spans.some(({ service, name }) => service === "crappify" && name === register),
  );
  assert.equal(trace.filter(({ parentId }) => parentId === "").length, 1, "one beginning");
  const submit = [`gateway: ${call}`, `gateway: ${call}`, `predict: ${call}`, "predict: publish prediction"];
  const attempt = trace.find(({ name }) => name === "attempt prediction")!;
  assert.deepEqual(pathOf(attempt, trace), [...submit, "predict: attempt prediction"]);
  assert.equal(attempt.attributes["pssr.outcome"], "succeeded");
  const wait = trace.find(({ name }) => name === "wait prediction")!;
  assert.deepEqual(pathOf(wait, trace), [...submit, "predict: wait prediction"]);
  const tiles = trace.filter(({ name }) => name === "tiles");
  for (const one of tiles) {
    assert.deepEqual(pathOf(one, trace), [
      ...submit,
      "predict: attempt prediction",
      "predict: publish prediction.region",
      "predict: work on prediction.region",
      "predict: tiles",
    ]);
    assert.ok(Number(one.attributes["pssr.tiles"]) > 0);
  }
  const calledBack = trace.find(({ service, name }) => service === "crappify" && name === register);
  assert.ok(calledBack !== undefined, trace.map(({ service, name }) => `${service}: ${name}`).join("\n"));

  const [root] = trace;
  const logs = join(installation.folder, "logs");
  const lines: Record<string, unknown>[] = [];
  for (const file of await readdir(logs)) {
    for (const line of (await readFile(join(logs, file), "utf8")).split("\n")) {
      if (line.startsWith("{")) lines.push(JSON.parse(line) as Record<string, unknown>);
    }
  }
  const ofTheJob = lines.filter((line) => line.operation === operation.name);
  assert.ok(ofTheJob.length > 0, "lines of the job");
  for (const line of ofTheJob) assert.equal(line.trace_id, root!.traceId, JSON.stringify(line));
  for (const line of lines.filter(({ msg }) => msg === "call")) {
    assert.ok(line.trace_id !== undefined && line.span_id !== undefined, JSON.stringify(line));
  }
});

test("every process tells its numbers", async () => {
  const [tiles, predictions, steps, calls, connected] = await Promise.all([
    sum(installation, "predict", "pssr_tiles_predicted_total"),
    sum(installation, "predict", 'pssr_operation_attempt_seconds_count{kind="prediction",outcome="succeeded"}'),
    sum(installation, "train", "pssr_training_steps_total"),
    sum(
      installation,
      "gateway",
      'pssr_gateway_call_seconds_count{grpc_service="pssr.v1.PredictionService",grpc_method="CreatePrediction",grpc_code="OK"}',
    ),
    sum(installation, "crappify", 'pssr_nats_connected{installation="pssr"}'),
  ]);
  const traced = collector.spans.filter(({ name }) => name === "tiles");
  const tilesOfTraces = traced.reduce((all, { attributes }) => all + Number(attributes["pssr.tiles"]), 0);
  assert.deepEqual([tiles, predictions, steps, calls, connected], [tilesOfTraces, 1, 2, 1, 1]);
});

test("in one process too, and down to what a training reads", async () => {
  const folder = await temporaryFolder();
  const inOne = await up(folder.path, "--otlp-endpoint", collector.url);
  const client = connect(inOne.address);
  collector.spans.length = 0;
  try {
    await prepareTraining({ client });
    await finish(client, await startTraining({ client }, "traced", 3), Training);
  } finally {
    client.close();
    await inOne.end("SIGTERM");
  }
  await folder.remove();
  const call = "pssr.v1.TrainingService/CreateTraining";
  const stream = "pssr.v1.CrappifyService/StreamPairs";
  const trace = await traceOf(call, (names) => names.includes("attempt training") && names.includes(stream));
  const process = trace.find(({ name }) => name === "training process")!;
  assert.ok(process.events.includes("checkpoint"), "its checkpoints are told");
  assert.equal(process.attributes["pssr.step"], 3);
  assert.deepEqual(pathOf(trace.find(({ name }) => name === stream)!, trace), [
    `pssr: ${call}`,
    `pssr: ${call}`,
    `pssr: ${call}`,
    "pssr: publish training",
    "pssr: attempt training",
    "pssr: training process",
    `pssr: ${stream}`,
  ]);
});
