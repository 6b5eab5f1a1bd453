import assert from "node:assert/strict";
import { fork } from "node:child_process";
import { once } from "node:events";
import { type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import { createKeyring } from "@pssr/platform";
import { lastly } from "./fixtures/lastly.js";
import { FixturePeers } from "./fixtures/peers.js";
import { openPorts, temporaryFolder } from "./fixtures/ports.js";
import { clients, imageNamed, Library, noisyPixels, project, startService } from "./fixtures/world.js";

const secret = "a secret of tests, longer than thirty-two bytes";
const key = new TextEncoder().encode(secret);
const keyring = createKeyring([{ id: "shared", algorithm: "HS256", sign: key, verify: key }], { configured: true });
const regions = 8;
const restored = "operations/em/prediction-one/1/image.zarr/";

/** A folder with an image of eight regions and a model, and the peers that know them. */
async function prepare(t: TestContext) {
  const folder = await temporaryFolder(t);
  const peers = new FixturePeers();
  await peers.start(keyring);
  lastly(t, () => peers.close());
  const library = new Library(await openPorts(folder), peers);
  await library.addImage("stack", noisyPixels([regions, 64, 64]));
  const modelVersion = await library.addModel("fine", { scale: 4, options: { width: 16, depth: 1 } });
  const request = { parent: project, predictionId: "one", prediction: { image: imageNamed("stack"), modelVersion } };
  return { folder, peers, request };
}

async function goOn(t: TestContext, folder: string, peers: FixturePeers) {
  const ports = await openPorts(folder);
  const service = await startService(ports, keyring, peers.address, []);
  lastly(t, () => service.close());
  return { ports, ...service };
}

async function objectsOf({ ports }: Awaited<ReturnType<typeof goOn>>) {
  const found = new Map<string, { sha256: string; modifiedMs: number }>();
  for await (const { key: object } of ports.objects.list("operations/")) {
    const { sha256, modifiedMs } = (await ports.objects.stat(object))!;
    found.set(object, { sha256, modifiedMs });
  }
  return found;
}

test("killed halfway, a prediction goes on in a new process: what was done stays, the bytes are the same, one image", async (t) => {
  const undisturbed = await prepare(t);
  const whole = await goOn(t, undisturbed.folder, undisturbed.peers);
  const operation = await whole.predictions.createPrediction(undisturbed.request);
  assert.equal((await whole.operations.wait(operation.name)).error, undefined);
  const expected = await objectsOf(whole);
  assert.equal([...expected.keys()].filter((object) => object.startsWith(`${restored}0/c/`)).length, regions);

  const { folder, peers, request } = await prepare(t);
  const script = fileURLToPath(new URL("./fixtures/mortal-process.js", import.meta.url));
  const child = fork(script, [folder, peers.address, secret]);
  lastly(t, () => child.kill("SIGKILL"));
  const exited = once(child, "exit");
  const verdicts = new Set<string>();
  const enough = new Promise<void>((resolve) => {
    child.on("message", (message: { address?: string; verdict?: string }) => {
      if (message.address !== undefined) {
        const client = clients(message.address, keyring);
        lastly(t, () => client.disconnect());
        client.predictions.createPrediction(request).catch(() => undefined); // the process may be dead before it answers
      }
      if (message.verdict !== undefined) verdicts.add(message.verdict);
      if (verdicts.size >= 3) resolve();
    });
  });
  await enough;
  child.kill("SIGKILL");
  await exited;
  assert.equal(peers.images.has(imageNamed("one")), false, "no image before the end");

  const diedMs = Date.now();
  const second = await goOn(t, folder, peers);
  const end = await second.operations.wait(operation.name);
  assert.equal(end.error, undefined);
  assert.equal(end.attempt, 2);
  const found = await objectsOf(second);
  const digests = (objects: typeof found) => [...objects].map(([object, { sha256 }]) => [object, sha256]);
  assert.deepEqual(digests(found), digests(expected));
  const before = [...found].filter(([, { modifiedMs }]) => modifiedMs < diedMs);
  assert.ok(before.length >= 3 && before.length < regions, `${before.length} regions were done before`);
  const image = peers.images.get(imageNamed("one"))!;
  assert.equal(image.location, restored);
  assert.deepEqual(await second.ports.state.list("region-verdicts/", { limit: 10 }), []);
});
