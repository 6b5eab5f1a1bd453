/**
 * The main job from outside the cluster, with callers and streams beside it, while its parts are taken away one after the
 * other. What must hold: no short call fails, every stream goes on where it broke, and the results are those of an
 * installation that nothing disturbed.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { Crappifier, OperationMetadata, Split } from "@pssr/api";
import type { PssrClient } from "@pssr/client";
import { type DemoTable, demo } from "./demo.js";
import { deleteTrainingPod, restartNats, updateEveryService } from "./disturbances.js";
import { disturbedFit } from "./disturbed-fit.js";
import { findDoor } from "./door.js";
import { podsOf } from "./kubectl.js";
import { PairReader, type PairRequest, pairDigests } from "./pair-reader.js";
import type { Report } from "./report.js";
import { scaledPrediction } from "./scaled-prediction.js";
import { checkNetwork, checkRefusals } from "./security.js";
import { services } from "./services.js";
import { UnaryCallers } from "./unary-callers.js";
import { Watcher } from "./watcher.js";

const pollMs = 500;
const fittedImages = 8;
/** Between two tables. */
const toleranceDb = 0.1;

export interface ScenarioOptions {
  /** Folder of the results. */
  out: string;
  /** Of learning. */
  steps: number;
  stop: AbortController;
}

export async function scenario(report: Report, { out, steps, stop }: ScenarioOptions): Promise<void> {
  const { signal } = stop;
  const options = { signal };
  const project = `e2e-${Date.now().toString(36)}`;
  const parent = `projects/${project}`;
  const door = await findDoor(process.env, options);
  report.note(`the gateway is called at ${door.address}`);
  await checkRefusals(report, options);
  await checkNetwork(report, options);

  const client = door.connect();
  const callers = new UnaryCallers(door, project);
  try {
    const job = demo({ steps, out: `${out}/demo`, on: { door, project }, signal });
    job.catch((error: unknown) => stop.abort(error)); // nothing is to be seen any more
    const training = new Watcher(client, await operationOf(client, parent, "trainings/em-x4-demo", signal), signal);
    const request = await pairRequest(client, parent, signal);
    const pairs = new PairReader(client, request);
    report.note("the demo's training is at work");

    await deleteTrainingPod(report, training, options);
    tellOfCalls(report, "while the only training pod was replaced", callers);
    await restartNats(report, training, options);
    tellOfCalls(report, "while NATS was restarted", callers);
    await updateEveryService(report, training, options);
    assertNoneFailed(report, "while every service was updated", callers);
    const table = await job;
    const watched = await training.ended;
    const isWhole = watched.end === "STATE_SUCCEEDED" && watched.faults.length === 0;
    report.check("the training was watched over every break to its end", isWhole, watched);
    await scaledPrediction(report, { client, parent, image: `${parent}/images/${references(table)[0]}` }, options);

    assertNoneFailed(report, "while predict was scaled", callers);
    const images = references(table).slice(0, fittedImages);
    await disturbedFit(report, { client, parent, images: images.map((id) => `${parent}/images/${id}`) }, options);
    tellOfCalls(report, "while the only optimize pod was killed", callers);
    await pairs.stop();
    const { digests, resumed } = pairs;
    const again = await pairDigests(client, request, digests.length, signal);
    report.check("a stream of pairs went on where it broke, with the same bytes", again.join() === digests.join(), {
      steps: digests.length,
      resumed,
    });
    for (const service of services) {
      const pods = await podsOf(service, options);
      report.check(
        `no container of ${service} died by itself`,
        pods.every(({ restarts }) => restarts === 0),
      );
    }

    report.note("the same in one process, undisturbed");
    compare(report, table, await demo({ steps, out: `${out}/undisturbed`, signal }));
  } finally {
    await callers.stop();
    client.close();
  }
}

/** Where the one pod of a service is taken away nobody can answer: how that looks to callers that send nothing again. */
function tellOfCalls(report: Report, when: string, callers: UnaryCallers): void {
  const { calls, longestMs, failures } = callers.take();
  report.note(`short calls ${when}`, { calls, longestMs, failed: failures.length, first: failures[0] });
}

function assertNoneFailed(report: Report, when: string, callers: UnaryCallers): void {
  const { calls, longestMs, failures } = callers.take();
  report.check(`no short call failed ${when}`, failures.length === 0, {
    calls,
    longestMs,
    failures: failures.slice(0, 10),
  });
}

/** The operation that makes a resource, as soon as there is one. */
async function operationOf(client: PssrClient, parent: string, resource: string, signal: AbortSignal): Promise<string> {
  for (;;) {
    const { operations } = await client.operations.listOperations({ name: parent }, { signal });
    for (const { name, metadata } of operations) {
      const made = OperationMetadata.decode(metadata?.value ?? new Uint8Array());
      if (made.resource === `${parent}/${resource}`) return name;
    }
    await sleep(pollMs, undefined, { signal }); // a list has no watch
  }
}

/** Pairs as the demo learns from, but of a seed of their own. */
async function pairRequest(client: PssrClient, parent: string, signal: AbortSignal): Promise<PairRequest> {
  const { name, digest } = await client.datasets.getDataset({ name: `${parent}/datasets/em` }, { signal });
  const poisson = { kind: { $case: "poisson" as const, value: { mix: { value: 1, spread: 0 } } } };
  return {
    dataset: name,
    datasetDigest: digest,
    split: Split.SPLIT_TRAINING,
    crappifier: Crappifier.fromPartial({ sampling: { scale: 4 }, detector: [poisson] }),
    seed: 7n,
    batchSize: 2,
    augment: true,
    fixedNoise: false,
    intensityAugmentation: 0,
    shardIndex: 0,
    shardCount: 1,
  };
}

/** The good images of what the demo restored: their ids. */
function references({ slices }: DemoTable): [string, ...string[]] {
  const [first, ...others] = slices.map(({ name }) => name);
  if (first === undefined) throw new Error("the demo measured no image");
  return [first, ...others];
}

function compare(report: Report, cluster: DemoTable, undisturbed: DemoTable): void {
  const differenceDb = Math.abs(cluster.mean.ours.psnr - undisturbed.mean.ours.psnr);
  report.check(`the table is that of an undisturbed installation to ${toleranceDb} dB`, differenceDb <= toleranceDb, {
    steps: cluster.training_steps,
    cluster: cluster.mean.ours,
    undisturbed: undisturbed.mean.ours,
    bilinear: cluster.mean.bilinear,
  });
}
