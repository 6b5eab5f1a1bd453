import assert from "node:assert/strict";
import { fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import type { FitEvaluation } from "@pssr/api";
import { toCrappifierMessage } from "@pssr/crappifiers";
import type { ObjectStore } from "@pssr/platform";
import { lookKey, readLook } from "../dist/fits/fit-objects.js";
import type { KeptLook } from "../dist/fitting/fit-outcome.js";
import { imageNamed, project } from "./fixtures/crappify-process.js";
import { lastly } from "./fixtures/lastly.js";
import { photonNoise, picture, taken } from "./fixtures/pictures.js";
import { clients, makePlace, openWorld, type Place } from "./fixtures/world.js";

const one = `${project}/fits/one`;
const evaluations = 20;
const script = fileURLToPath(new URL("./fixtures/mortal-process.js", import.meta.url));

async function prepare(t: TestContext) {
  const place = await makePlace(t);
  const high = picture([512, 512]);
  await place.crappify.addImage("high", high);
  await place.crappify.addImage("low", taken(high, photonNoise(1.5), 7));
  const fit = {
    template: toCrappifierMessage(photonNoise(0.5)),
    pairs: [{ low: imageNamed("low"), high: imageNamed("high") }],
    budget: { $case: "maxEvaluations" as const, value: evaluations },
    tileSize: 128,
  };
  return { place, request: { parent: project, fitId: "one", fit } };
}

/** Works in a process that is killed when the fit has kept so many looks in all. Resolves with how many it has kept. */
async function killAt(t: TestContext, { folder, crappify }: Place, looks: number, begin?: (address: string) => void) {
  const child = fork(script, [folder, crappify.address]);
  lastly(t, () => child.kill("SIGKILL"));
  const exited = once(child, "exit");
  let kept = 0;
  await new Promise<void>((resolve, reject) => {
    exited.then(() => reject(new Error("the process ended by itself")), reject);
    child.on("message", (message: { address?: string; looks?: number }) => {
      if (message.address !== undefined) begin?.(message.address);
      kept = message.looks ?? kept;
      if (kept >= looks) resolve();
    });
  });
  child.kill("SIGKILL");
  await exited;
  return kept;
}

test("killed twice in its middle, a fit goes on from the looks it has kept, and ends as if nothing had been", async (t) => {
  const { place, request } = await prepare(t);
  const undisturbed = await openWorld(t, { ...place, folder: join(place.folder, "undisturbed") });
  const { name } = await undisturbed.ended(await undisturbed.fits.fitCrappifier({ ...request, fitId: "undisturbed" }));
  const expected = (await undisturbed.fits.listFitEvaluations({ parent: name })).evaluations;
  await undisturbed.close();

  const disturbed = { ...place, folder: join(place.folder, "disturbed") };
  const first = await killAt(t, disturbed, 4, (address) => {
    const client = clients(address);
    lastly(t, () => client.disconnect());
    client.fits.fitCrappifier(request).catch(() => undefined); // the process may be dead before it answers
  });
  const second = await killAt(t, disturbed, first + 3);

  const world = await openWorld(t, disturbed);
  const end = await world.operations.wait(`${project}/operations/fit-one`);
  assert.equal(end.error, undefined);
  assert.equal(end.attempt, 3);
  const found = (await world.fits.listFitEvaluations({ parent: one })).evaluations;
  assert.deepEqual(found.map(withoutTime), expected.map(withoutTime));
  for (let index = 1; index <= second; index++) {
    const kept = await keptLook(world.ports.objects, index, index <= first ? [1] : [2, 1]);
    const { seconds, nanos } = found[index - 1]!.elapsed!;
    assert.equal(Number(seconds) * 1000 + nanos / 1e6, Math.round(kept.elapsedMs), `look ${index} was taken again`);
  }
});

/** What was told before a kill may be less than what was kept: of the attempts the first that has the look. */
async function keptLook(objects: ObjectStore, index: number, attempts: readonly number[]): Promise<KeptLook> {
  const prefixes = attempts.map((attempt) => `operations/em/fit-one/${attempt}/`);
  for (const prefix of prefixes) {
    if ((await objects.stat(lookKey(prefix, index))) !== undefined) return readLook(objects, prefix, index, {});
  }
  throw new Error(`look ${index} was not kept`);
}

function withoutTime({ elapsed: _, ...evaluation }: FitEvaluation): Omit<FitEvaluation, "elapsed"> {
  return evaluation;
}
