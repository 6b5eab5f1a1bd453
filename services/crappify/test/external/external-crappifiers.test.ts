import assert from "node:assert/strict";
import { EventEmitter, once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { type CrappifyRequest, DataType, isPssrError } from "@pssr/api";
import { type Metadata, ServerError, Status } from "nice-grpc-common";
import { project, startInstallation } from "../installation.js";
import { reason } from "../reason.js";
import { changed, noisyNegative, startCustomCrappifier } from "./custom-crappifier.js";
import { allowing, pairsOf, plain, stepAt, withImage } from "./external-installation.js";

test("a step is taken by a server of somebody else, which learns what it needs and nothing about the caller", async (t) => {
  const seen: { request: CrappifyRequest; metadata: Metadata }[] = [];
  const address = await startCustomCrappifier(t, async (request, { metadata }) => {
    seen.push({ request, metadata });
    return changed(request, (value) => request.black + request.white - value);
  });
  const { crappify, image } = await allowing(t, address);
  const clean = (await crappify.preview({ image, crappifier: plain })).low!;
  const { low, statistics } = await crappify.preview({
    image,
    crappifier: stepAt(address, { amplitude: { value: 3, spread: 0 } }),
    seed: 9n,
  });
  assert.deepEqual(low!.shape, [64n, 48n]);
  assert.deepEqual(
    low!.data,
    clean.data.map((grey) => 255 - grey),
  );
  assert.ok(statistics!.standardDeviation > 0);
  assert.equal(seen.length, 1);
  const [{ request, metadata }] = seen as [(typeof seen)[0]];
  assert.deepEqual([request.black, request.white, request.pixelSizeNm], [0, 255, 20]);
  assert.deepEqual(request.parameters, { amplitude: 3 });
  assert.deepEqual([request.pixels!.axes, request.pixels!.dataType], ["yx", DataType.DATA_TYPE_FLOAT32]);
  // Of metadata it gets what docs/custom-crappifiers.md says, beside the deadline and what gRPC itself sends.
  const transport = /^(user-agent|accept-encoding|grpc-accept-encoding|content-type|te)$/;
  const sent = [...metadata].map(([name]) => name).filter((name) => !transport.test(name));
  assert.deepEqual(sent.sort(), ["traceparent"]);
  assert.match(String(metadata.get("traceparent")), /^00-[0-9a-f]{32}-[0-9a-f]{16}-0[01]$/);
});

test("a stream of pairs through it is the same each time, from any step, with each tile's own noise", async (t) => {
  const address = await startCustomCrappifier(t, noisyNegative);
  const installation = await allowing(t, address);
  const { image, datasets } = installation;
  const dataset = { images: [image], tileSize: 32, tileStride: 32 };
  const { name } = await datasets.createDataset({ parent: project, datasetId: "d", dataset });
  const crappifier = stepAt(address, { amplitude: { value: 20, spread: 3 } });
  const request = { dataset: name, crappifier, seed: 4n, batchSize: 2 };
  const whole = await pairsOf(installation, { ...request, steps: 12n });
  assert.deepEqual(await pairsOf(installation, { ...request, steps: 12n }), whole);
  assert.deepEqual(await pairsOf(installation, { ...request, fromStep: 9n, steps: 3n }), whole.slice(18));
  assert.notDeepEqual(await pairsOf(installation, { ...request, seed: 5n, steps: 12n }), whole);
  assert.equal(new Set(whole.map((pair) => pair.split(" ")[1])).size, whole.length, "two tiles were degraded alike");
});

test("a call that nobody wants any more is given up at the server too", async (t) => {
  const events = new EventEmitter();
  const [called, left] = [once(events, "called"), once(events, "left")];
  const address = await startCustomCrappifier(t, async (_, { signal }) => {
    events.emit("called");
    await once(signal, "abort");
    events.emit("left");
    throw new ServerError(Status.CANCELLED, "given up");
  });
  const { crappify, image } = await allowing(t, address);
  const controller = new AbortController();
  const call = crappify.preview({ image, crappifier: stepAt(address) }, { signal: controller.signal });
  await called;
  controller.abort();
  await assert.rejects(call);
  await left;
});

test("an address that the operator has not named is refused with its path, and never called", async (t) => {
  let calls = 0;
  const address = await startCustomCrappifier(t, async (request) => {
    calls++;
    return changed(request, (value) => value);
  });
  for (const flags of [[], ["--external-crappifiers", "127.0.0.1:1, example.org:443"]]) {
    const { crappify, datasets, image } = await withImage(t, flags);
    const refused = reason("INVALID_FIELD", "crappifier.detector[0].address");
    await assert.rejects(crappify.preview({ image, crappifier: stepAt(address) }), refused);
    const dataset = { images: [image], tileSize: 32 };
    const { name } = await datasets.createDataset({ parent: project, datasetId: "d", dataset });
    const stream = crappify.streamPairs({ dataset: name, crappifier: stepAt(address), steps: 1n });
    await assert.rejects(async () => {
      for await (const _ of stream);
    }, refused);
  }
  assert.equal(calls, 0);
});

test("a certificate authority that cannot be used is refused when the service starts, under its setting's name", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "pssr-crappify-test-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const files = {
    "none.pem": undefined,
    "text.pem": "a certificate, some day\n",
    "junk.pem": "-----BEGIN CERTIFICATE-----\nbm8gY2VydGlmaWNhdGU=\n-----END CERTIFICATE-----\n",
  };
  for (const [name, content] of Object.entries(files)) {
    const file = join(folder, name);
    if (content !== undefined) await writeFile(file, content);
    const flags = ["--external-crappifiers", "example.org:443", "--external-crappifier-ca-file", file];
    await assert.rejects(startInstallation(t, flags), (error: Error) => {
      assert.ok(isPssrError(error, "INVALID_CONFIGURATION"), String(error));
      assert.equal(error.field, "externalCrappifierCaFile");
      assert.ok(error.message.includes(file), error.message);
      return true;
    });
  }
});

test("a whole image is not degraded by external steps, which see planes of a bounded size", async (t) => {
  const { crappify, image } = await allowing(t, "127.0.0.1:1");
  await assert.rejects(
    crappify.crappifyImage({ image, imageId: "b", crappifier: stepAt("127.0.0.1:1") }),
    reason("INVALID_FIELD", "crappifier.detector[0]"),
  );
});
