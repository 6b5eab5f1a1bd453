/** What a user fears: the process is killed in the middle of a training. And what a user does daily: Ctrl-C. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { Training } from "@pssr/api";
import { connect, finish, watchOperation } from "@pssr/client";
import { pssr, pssrUntil, root, temporaryFolder, up } from "./pssr.js";

const steps = 40;
const training = "projects/default/trainings/long";
const operation = "projects/default/operations/training-long";
let folder: Awaited<ReturnType<typeof temporaryFolder>>;
before(async () => {
  folder = await temporaryFolder();
});
after(() => folder.remove());

test("killed in a training, a new start goes on from the last checkpoint; Ctrl-C stops within five seconds", async () => {
  const data = join(folder.path, "data");
  const settings = ["--checkpoint-interval", "1s"];
  const first = await up(data, ...settings);
  const run = async (address: string, ...args: string[]) => {
    const ended = await pssr(["--address", address, ...args]);
    assert.equal(ended.code, 0, ended.stderr);
  };
  const slice = join(root, "examples/em-fibsem/train/iso.03546.png");
  await run(first.address, "images", "import", slice, "--black", "0", "--white", "255");
  await run(first.address, "datasets", "create", "em", "iso-03546");
  await run(first.address, "train", "--dataset", "em", "--id", "long", "--steps", `${steps}`, "--detach");

  const watch = ["--address", first.address, "operations", "watch", "training-long"];
  let follows = () => {};
  const isFollowed = new Promise<void>((resolve) => {
    follows = resolve;
  });
  const followed = pssrUntil(/training/, follows, watch);
  const client = connect(first.address);
  let checkpoint = 0;
  for await (const { metadata } of watchOperation(client, operation)) {
    const { details } = metadata.progress ?? {};
    if (details?.$case !== "training") continue;
    checkpoint = Number(details.value.checkpointStep);
    if (checkpoint > 0) break;
  }
  client.close();
  assert.ok(checkpoint > 0 && checkpoint < steps, `killed after a checkpoint, before the end (${checkpoint})`);
  await isFollowed;
  await first.end("SIGKILL");

  const second = await up(data, ...settings);
  const reconnected = connect(second.address);
  const goneOn = await reconnected.operations.getOperation({ name: operation });
  assert.equal(goneOn.done, false);
  // Ctrl-C in the middle: an orderly stop, and the work goes on at the next start.
  const stopped = await second.end("SIGINT");
  reconnected.close();
  const { code, stderr } = await followed;
  assert.equal(code, 3, stderr);
  assert.match(
    stderr,
    /^pssr: nobody listens at .*; what training-long has done is kept, .*; `pssr operations watch training-long` follows it then/m,
  );
  assert.equal(stopped.code, 0);
  assert.ok(stopped.seconds < 5, `stopped after ${stopped.seconds} s`);

  const third = await up(data, ...settings);
  const last = connect(third.address);
  const ended = await finish(last, await last.operations.getOperation({ name: operation }), Training);
  assert.equal(Number(ended.steps), steps);
  const { points } = await last.trainings.readLossCurve({ name: training });
  assert.deepEqual(
    points.map((point) => Number(point.step)),
    Array.from({ length: steps }, (_, i) => i + 1),
    "every step once, over all three processes",
  );
  const { models } = await last.models.listModels({ parent: "projects/default" });
  assert.equal(models.length, 1);
  last.close();
  const watched = await pssr(["--address", third.address, "operations", "watch", "training-long"]);
  assert.match(watched.stdout, /^training-long: succeeded; next: pssr predict IMAGE --model long\/\S+\n$/);
  await third.end("SIGTERM");
});

test("a second start on the same data is refused and names the first", async () => {
  const data = join(folder.path, "locked");
  const first = await up(data);
  const second = await pssr(["up", "--data-dir", data, "--gateway-bind", "127.0.0.1:0"]);
  assert.equal(second.code, 1);
  assert.match(second.stderr, new RegExp(`process ${first.child.pid}`));
  await first.end("SIGTERM");
});

test("a wrong setting names itself", async () => {
  const ended = await pssr(["up", "--data-dir", join(folder.path, "x"), "--train-concurrency", "many"]);
  assert.equal(ended.code, 2);
  assert.match(ended.stderr, /--train-concurrency/);
});
