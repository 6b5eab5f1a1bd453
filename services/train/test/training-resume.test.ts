import assert from "node:assert/strict";
import { fork } from "node:child_process";
import { once } from "node:events";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { finished, lossesOf, parent, stateOf } from "./installation.js";
import { leftovers, trainingProcesses } from "./processes.js";
import { refusal, smallTraining, workplace } from "./workplace.js";

const name = `${parent}/trainings/long`;
const request = { parent, trainingId: "long", training: smallTraining(16) };
/** A checkpoint after each step. */
const careful = { checkpointInterval: 1 };
/** No checkpoint but those that something asks for. */
const careless = { checkpointInterval: 3_600_000 };

function assertEveryStepOnce(losses: Map<number, number>): void {
  assert.deepEqual(
    [...losses.keys()],
    Array.from({ length: 16 }, (_, i) => i + 1),
  );
  for (const loss of losses.values()) assert.ok(loss > 0);
}

test("after kill -9 of the training process another goes on from the last checkpoint", async (context) => {
  const { pairs, open } = await workplace(context);
  const installation = await open(careful);
  const { trainings } = installation;
  pairs.holdAt(8);
  const operation = await trainings.createTraining(request);
  await stateOf(installation, operation, ({ progress }) => progress?.done === 8n);
  const before = await lossesOf(installation, name);
  assert.ok(before.size >= 6 && before.size <= 8);

  const [first] = await trainingProcesses();
  process.kill(first!, "SIGKILL");
  await pairs.until(({ streams }) => streams.length === 2);
  const from = pairs.streams[1]!.fromStep;
  assert.ok(from >= 6n && from <= 8n, `it went on from step ${from}`);
  const [second] = await trainingProcesses();
  assert.notEqual(second, first);
  pairs.release();

  assert.equal((await finished(installation, operation)).steps, 16n);
  const losses = await lossesOf(installation, name, 5);
  assertEveryStepOnce(losses);
  for (const [step, loss] of before) assert.equal(losses.get(step), loss, `step ${step}`);
  assert.deepEqual([await trainingProcesses(), await leftovers()], [[], []]);
  const { attempt } = await stateOf(installation, operation, (_, view) => view.done);
  assert.equal(attempt, 1);
});

test("a training whose process dies again and again before any checkpoint is given up", async (context) => {
  const { pairs, open } = await workplace(context);
  const installation = await open(careless);
  pairs.holdValidation = true;
  const operation = await installation.trainings.createTraining(request);
  for (let life = 1; life <= 3; life++) {
    await pairs.until(({ validations }) => validations === life);
    const [child] = await trainingProcesses();
    process.kill(child!, "SIGKILL");
  }
  await assert.rejects(finished(installation, operation), refusal("WORKER_CRASHED"));
  assert.equal(pairs.validations, 3);
});

test("a service that is asked to stop leaves a checkpoint, from which it goes on when started again", async (context) => {
  const { pairs, open } = await workplace(context);
  const first = await open(careless);
  pairs.holdAt(8);
  const operation = await first.trainings.createTraining(request);
  await stateOf(first, operation, ({ progress }) => progress?.done === 8n);
  // As a terminal or a supervisor does it: the process is told to stop too, and leaves that to the service.
  const [child] = await trainingProcesses();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.kill(child!, signal);
  await first.close();
  assert.deepEqual([await trainingProcesses(), await leftovers()], [[], []]);

  pairs.release();
  const second = await open(careless);
  assert.equal((await finished(second, operation)).steps, 16n);
  assert.deepEqual(
    pairs.streams.map(({ fromStep }) => fromStep),
    [0n, 8n],
  );
  assertEveryStepOnce(await lossesOf(second, name));
  const { attempt } = await stateOf(second, operation, (_, view) => view.done);
  assert.equal(attempt, 2);
});

test("after kill -9 of the service its training process ends too, and a new service goes on", async (context) => {
  const { directory, pairs, open } = await workplace(context);
  const intake = await open({ trainConcurrency: 0 });
  const operation = await intake.trainings.createTraining(request);
  await intake.close();

  pairs.holdAt(8);
  const program = new URL("./mortal-service.js", import.meta.url);
  const service = fork(program, [directory, pairs.address, operation.name, "8"]);
  await once(service, "message");
  const [child] = await trainingProcesses(service.pid);
  service.kill("SIGKILL");
  await once(service, "exit");
  await pairs.until(({ open }) => open === 0);
  pairs.release();

  const installation = await open(careful);
  assert.equal((await finished(installation, operation)).steps, 16n);
  assert.equal(isAlive(child!), false);
  assert.deepEqual(await leftovers(), []);
  const from = pairs.streams[1]!.fromStep;
  assert.ok(from >= 6n && from <= 8n, `it went on from step ${from}`);
  assertEveryStepOnce(await lossesOf(installation, name));
});

for (const part of ["state.safetensors", "losses"]) {
  test(`a training whose last checkpoint is gone (${part}) begins again`, async (context) => {
    const { pairs, open } = await workplace(context);
    const first = await open(careless);
    pairs.holdAt(8);
    const operation = await first.trainings.createTraining(request);
    await stateOf(first, operation, ({ progress }) => progress?.done === 8n);
    await first.operations.close();
    const stored: string[] = [];
    for await (const { key } of first.ports.objects.list("operations/em/")) stored.push(key);
    const gone = stored.filter((key) => key.endsWith(`/checkpoints/1/${part}`));
    assert.equal(gone.length, 1, stored.join(", "));
    await first.ports.objects.delete(gone[0]!);
    await first.close();

    pairs.release();
    const second = await open(careless);
    assert.equal((await finished(second, operation)).steps, 16n);
    assert.deepEqual(
      pairs.streams.map(({ fromStep }) => fromStep),
      [0n, 0n],
    );
    assertEveryStepOnce(await lossesOf(second, name));
  });
}

test("a training whose last checkpoint is damaged ends with that", async (context) => {
  const { directory, pairs, open } = await workplace(context);
  const first = await open(careless);
  pairs.holdAt(8);
  const operation = await first.trainings.createTraining(request);
  await stateOf(first, operation, ({ progress }) => progress?.done === 8n);
  await first.close();
  const files = await readdir(join(directory, "objects"), { recursive: true });
  const [state] = files.filter((file) => file.includes("state.safetensors"));
  const path = join(directory, "objects", state!);
  const bytes = await readFile(path);
  bytes[bytes.length >> 1]! ^= 1;
  await writeFile(path, bytes);

  pairs.release();
  const second = await open(careless);
  await assert.rejects(finished(second, operation), refusal("OBJECT_CORRUPT"));
});

test("a training process that does not stop is gone within the time that work gets to stop", async (context) => {
  const { pairs, open } = await workplace(context);
  const installation = await open(careless, 500);
  pairs.holdAt(8);
  const operation = await installation.trainings.createTraining(request);
  await stateOf(installation, operation, ({ progress }) => progress?.done === 8n);
  const [child] = await trainingProcesses();
  process.kill(child!, "SIGSTOP");
  await installation.operations.close();
  assert.equal(isAlive(child!), false);
});

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
