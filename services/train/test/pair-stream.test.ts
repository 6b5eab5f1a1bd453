import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { CrappifyServiceDefinition, isPssrError, Split } from "@pssr/api";
import { connectService, tokenSource } from "@pssr/platform";
import { type PairStreamOptions, streamBatches } from "../dist/process/pair-stream.js";
import { testKeyring } from "./installation.js";
import { PairServer } from "./peer/pair-server.js";
import { smallTraining } from "./workplace.js";

/** A stream that brings two steps, and from then on only the word that it lives. */
async function heldStream(context: TestContext) {
  const keyring = testKeyring();
  const pairs = await PairServer.start(keyring);
  const token = tokenSource(keyring, { principal: "ann", projects: ["em"], role: "operator" });
  const connection = connectService(pairs.address, { peer: "crappify", token });
  const ended = new AbortController();
  context.after(async () => {
    ended.abort();
    connection.close();
    await pairs.close();
  });
  pairs.heartbeatMs = 10;
  pairs.holdAt(2);
  const request = {
    training: smallTraining(8, { datasetDigest: "d".repeat(64) }),
    split: Split.SPLIT_TRAINING,
    batchSize: 2,
  };
  const open = (options: Omit<PairStreamOptions, "signal">) =>
    streamBatches(connection.client(CrappifyServiceDefinition), request, 0, { signal: ended.signal, ...options });
  return { pairs, open };
}

test("that a stream lives without a pair is told, until the next pair comes", { timeout: 30_000 }, async (context) => {
  const { pairs, open } = await heldStream(context);
  const told: (string | undefined)[] = [];
  const batches = open({
    silenceMs: 1000,
    waiting(problem) {
      told.push(problem);
      if (told.length === 2) pairs.release();
    },
  });
  for (let step = 0; step < 3; step++) assert.equal((await batches.next()).value?.samples, 2);
  const [first, second, ...rest] = told;
  assert.match(first!, /^no pair has come for 1 s, though crappify answers/);
  assert.match(second!, /^no pair has come for 2 s/);
  assert.deepEqual(rest, [undefined]);
  // It was not opened again: it lives.
  assert.equal(pairs.streams.length, 1);
});

test("a stream that lives without a pair for too long is given up", { timeout: 30_000 }, async (context) => {
  const { pairs, open } = await heldStream(context);
  const told: (string | undefined)[] = [];
  const batches = open({ silenceMs: 1000, patienceMs: 1500, waiting: (problem) => void told.push(problem) });
  for (let step = 0; step < 2; step++) await batches.next();
  await assert.rejects(batches.next(), (error: Error) => {
    assert.ok(isPssrError(error, "UNAVAILABLE"), String(error));
    assert.match(error.message, /no pair has come for \d s/);
    return true;
  });
  assert.equal(told.length, 1);
  await pairs.until(({ open }) => open === 0);
  assert.equal(pairs.streams.length, 1);
});
