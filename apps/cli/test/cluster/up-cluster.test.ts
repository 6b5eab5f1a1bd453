/** How a cluster on one machine ends: by Ctrl-C in a terminal, and by kill -9 of the command that started it. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { after, afterEach, before, test } from "node:test";
import { connect } from "@pssr/client";
import { listening, pssr, root, temporaryFolder } from "../pssr.js";
import { prepareTraining, startTraining, trained, trainingSteps, untilTraining } from "./cluster-job.js";
import { descendantsOf, running, untilGone } from "./processes.js";

const goneMs = 30_000;
let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let up: ChildProcess | undefined;
before(async () => {
  folder = await temporaryFolder();
});
afterEach(() => up?.kill("SIGKILL"));
after(() => folder.remove());

const command = ["up-cluster", "--gateway-bind", "127.0.0.1:0"];

/** Starts it as a terminal does: as the leader of a process group, to all of which Ctrl-C goes. */
async function start(directory: string) {
  const child = spawn(process.execPath, [join(root, "apps/cli/bin/pssr.js"), ...command, "--directory", directory], {
    detached: true,
    stdio: ["ignore", "ignore", "pipe"],
    // No checkpoint but those that a stop leaves.
    env: { ...process.env, PSSR_CHECKPOINT_INTERVAL: "10m", PSSR_WORK_GRACE: "20s" },
  });
  up = child;
  let said = "";
  child.stderr.on("data", (chunk) => {
    said += chunk;
  });
  const exited = once(child, "exit");
  const address = await listening(child);
  return { pid: child.pid!, client: connect(address), exited, said: () => said };
}

test("Ctrl-C in a training: it leaves a checkpoint, no process is left, and the next start goes on from there", async () => {
  const directory = join(folder.path, "interrupted");
  const first = await start(directory);
  await prepareTraining(first);
  const operation = await startTraining(first, "long");
  await untilTraining(first, operation, ({ step }) => step > 3);
  first.client.close();
  const processes = await descendantsOf(first.pid);
  assert.ok(processes.length >= 8, `NATS, S3, five services and a training process: ${processes}`);
  process.kill(-first.pid, "SIGINT");
  assert.deepEqual(await first.exited, [0, null], first.said());
  assert.deepEqual(await untilGone(processes, goneMs), []);

  const second = await start(directory);
  // Until the second try tells of its own, what the first one told is shown, which knew of no checkpoint.
  const goneOn = await untilTraining(second, operation, (seen) => seen.attempt === 2 && seen.checkpointStep > 0);
  assert.ok(goneOn.checkpointStep > 3, `it went on from step ${goneOn.checkpointStep}`);
  const { steps, models, versions } = await trained(second, operation);
  assert.deepEqual(
    steps,
    Array.from({ length: trainingSteps }, (_, i) => i + 1),
  );
  assert.deepEqual([models, versions], [1, 1]);
  second.client.close();
  process.kill(-second.pid, "SIGINT");
  assert.deepEqual(await second.exited, [0, null], second.said());
});

/** NATS, S3 and five services. */
const leastProcesses = 7;

test("kill -9 of the command ends all that it started; another start on its directory is refused until then", async () => {
  const directory = join(folder.path, "killed");
  const first = await start(directory);
  await prepareTraining(first);
  const operation = await startTraining(first, "long");
  await untilTraining(first, operation, ({ step }) => step > 3);
  first.client.close();
  const refused = await pssr([...command, "--directory", directory]);
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, new RegExp(`process ${first.pid}`));

  // Some come and go by themselves, such as those that decode images.
  const processes = await running(await descendantsOf(first.pid));
  assert.ok(processes.length >= leastProcesses, `${processes.length} processes`);
  process.kill(first.pid, "SIGKILL");
  await first.exited;
  assert.deepEqual(await untilGone(processes, goneMs), []);

  const second = await start(directory);
  const { steps } = await trained(second, operation);
  assert.deepEqual(
    steps,
    Array.from({ length: trainingSteps }, (_, i) => i + 1),
  );
  second.client.close();
  process.kill(second.pid, "SIGINT");
  assert.deepEqual(await second.exited, [0, null], second.said());
});
