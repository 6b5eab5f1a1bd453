/** What happens to a fit when the process that works on it dies or stands still: the same crappifier, and no look taken twice. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, type TestContext, test } from "node:test";
import { Crappifier, Fit, Image, type Operation, ParameterRange_Scale } from "@pssr/api";
import { finish, watchOperation } from "@pssr/client";
import type { ServerProcess } from "@pssr/local-servers";
import { attemptOf, parent, prepareTraining, startCluster, type TestCluster } from "./cluster-job.js";
import { sum } from "./numbers.js";

const sigma = 20;
const evaluations = 80;
/** In high-resolution pixels: the slice has sixteen, of which a quarter is held back. */
const tileSize = 128;
const fittedTiles = 12;

let cluster: TestCluster;
let undisturbed: Awaited<ReturnType<typeof fitted>>;

before(async () => {
  // One tile after the other: most of the time of a look is that of its tiles, which then is when it is killed.
  const settings = { PSSR_METRICS_BIND: "127.0.0.1:0", PSSR_FIT_TILES_IN_FLIGHT: "1" };
  cluster = await startCluster({ instances: { optimize: 2 }, settings });
  await prepareTraining(cluster);
  const scan = { image: `${parent}/images/slice`, imageId: "scan", crappifier: detectorWith(sigma), seed: 1000n };
  await finish(cluster.client, await cluster.client.crappify.crappifyImage(scan), Image);
  undisturbed = await fitted("undisturbed");
});
after(() => cluster.stop());

function detectorWith(value: number): Crappifier {
  const gaussian = { $case: "gaussian" as const, value: { sigma: { value } } };
  return Crappifier.fromPartial({ sampling: { scale: 2 }, detector: [{ kind: gaussian }] });
}

/** What a fit finds, and how many tiles crappify degraded for it. */
async function fitted(
  fitId: string,
  disturb?: (operation: Operation, degraded: () => Promise<number>) => Promise<void>,
) {
  const { client } = cluster;
  const before = await previews();
  const fit = Fit.fromPartial({
    template: detectorWith(2),
    ranges: [{ path: "detector[0].sigma.value", min: 1, max: 60, scale: ParameterRange_Scale.SCALE_LOG }],
    pairs: [{ low: `${parent}/images/scan`, high: `${parent}/images/slice` }],
    budget: { $case: "maxEvaluations", value: evaluations },
    tiles: fittedTiles,
    tileSize,
    seed: 7n,
  });
  const operation = await client.fits.fitCrappifier({ parent, fitId, requestId: `fit ${fitId}`, fit });
  const degraded = async () => (await previews()) - before;
  await disturb?.(operation, degraded);
  const { name } = await finish(client, operation, Fit);
  const { result } = await client.fits.getFit({ name });
  const looks: number[] = [];
  for (let pageToken = ""; ; ) {
    const page = await client.fits.listFitEvaluations({ parent: name, pageSize: 1000, pageToken });
    looks.push(...page.evaluations.map(({ index }) => index));
    pageToken = page.nextPageToken;
    if (pageToken === "") break;
  }
  const { crappifier, parameters, goodness, savedCrappifier = "" } = result!;
  return {
    found: { crappifier, parameters, goodness },
    looks,
    savedCrappifier,
    attempts: await attemptOf(cluster, operation),
    degraded: await degraded(),
  };
}

function previews(): Promise<number> {
  const call = 'grpc_service="pssr.v1.CrappifyService",grpc_method="Preview"';
  return sum(cluster, "crappify", `pssr_grpc_server_call_seconds_count{${call}`);
}

/** Resolves when a fit has made so many evaluations. */
async function untilEvaluated(operation: Operation, enough: number): Promise<void> {
  for await (const { metadata } of watchOperation(cluster.client, operation.name)) {
    const details = metadata.progress?.details;
    if (details?.$case === "fit" && details.value.evaluations >= enough) return;
  }
  throw new Error(`${operation.name} ended before it had made ${enough} evaluations`);
}

/** The process that began an attempt at a fit last. */
async function workingOn({ name }: Operation): Promise<ServerProcess> {
  for (const [i, process] of cluster.cluster.services.optimize.entries()) {
    const log = await readFile(join(cluster.folder, "logs", `optimize-${i + 1}.log`), "utf8");
    const isIts = (line: string) => line.includes(`"operation":"${name}"`) && line.includes('"msg":"operation began"');
    if (log.split("\n").some(isIts)) return process;
  }
  throw new Error(`no process has begun ${name}`);
}

/** Its tiles are counted where they are degraded. */
function assertSameFit(
  context: TestContext,
  one: Awaited<ReturnType<typeof fitted>>,
  most: { repeatedLooks: number },
): void {
  assert.deepEqual(one.found, undisturbed.found);
  assert.deepEqual(one.looks, undisturbed.looks);
  assert.equal(one.attempts, 2);
  const repeated = one.degraded - undisturbed.degraded;
  context.diagnostic(`${repeated} tiles were degraded again, beside ${undisturbed.degraded}`);
  assert.ok(repeated >= 0 && repeated <= most.repeatedLooks * fittedTiles, `${repeated} tiles were degraded again`);
}

test("undisturbed, it finds the detector's noise in the evaluations that it may make, and saves it under its name", async () => {
  const [found] = undisturbed.found.parameters;
  assert.ok(Math.abs(found!.value / sigma - 1) < 0.05, `${found!.value} in place of ${sigma}`);
  assert.deepEqual(
    undisturbed.looks,
    undisturbed.looks.map((_, i) => i + 1),
  );
  assert.ok(undisturbed.looks.length <= evaluations, `${undisturbed.looks.length} evaluations`);
  assert.ok(undisturbed.degraded > fittedTiles * (undisturbed.looks.length / 2), `${undisturbed.degraded} tiles`);
  assert.equal(undisturbed.savedCrappifier, `${parent}/crappifiers/undisturbed`);
  const image = `${parent}/images/slice`;
  const crappifier = Crappifier.fromPartial({ named: { $case: "saved", value: undisturbed.savedCrappifier } });
  const { statistics } = await cluster.client.crappify.preview({ image, crappifier });
  const truth = await cluster.client.crappify.preview({ image, crappifier: detectorWith(sigma) });
  assert.ok(Math.abs(statistics!.standardDeviation / truth.statistics!.standardDeviation - 1) < 0.05);
});

test("killed in the middle: another goes on, and takes at most the look again that was under way", async (context) => {
  const one = await fitted("killed", async (operation, degraded) => {
    await untilEvaluated(operation, 5);
    const victim = await workingOn(operation);
    // In the middle of a look: some of its tiles have come.
    while ((await degraded()) % fittedTiles === 0);
    await victim.kill();
    await victim.start();
  });
  assertSameFit(context, one, { repeatedLooks: 1 });
});

test("frozen past its lease it is replaced; woken, it changes nothing", async (context) => {
  const one = await fitted("frozen", async (operation) => {
    await untilEvaluated(operation, 8);
    const frozen = await workingOn(operation);
    frozen.freeze();
    try {
      await finish(cluster.client, operation, Fit);
    } finally {
      frozen.thaw();
    }
  });
  // Woken, it may end the look that it was at.
  assertSameFit(context, one, { repeatedLooks: 2 });
});

test("asked to stop it gives its work back, and the other goes on from there", async (context) => {
  const one = await fitted("given-back", async (operation) => {
    await untilEvaluated(operation, 8);
    const stopped = await workingOn(operation);
    await stopped.stop();
    await finish(cluster.client, operation, Fit);
    await stopped.start();
  });
  assertSameFit(context, one, { repeatedLooks: 1 });
  assert.deepEqual(await cluster.jobsLeft(), {});
});
