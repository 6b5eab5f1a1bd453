import assert from "node:assert/strict";
import { EventEmitter, once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { type AddressInfo, createServer as createTcpServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { Crappifier, type CrappifyRequest, DataType, isPssrError, type PairPart } from "@pssr/api";
import { type Metadata, ServerError, Status } from "nice-grpc-common";
import { type Installation, project, startInstallation } from "../installation.js";
import { picture, png } from "../pictures.js";
import { reason } from "../reason.js";
import { importImage, sha256 } from "../upload.js";
import { type Answer, changed, noisyNegative, startCustomCrappifier } from "./custom-crappifier.js";

/** Nothing but the step itself, after a scale of 2. */
function stepAt(address: string, parameters: Record<string, { value: number; spread: number }> = {}): Crappifier {
  return Crappifier.fromPartial({
    sampling: { scale: 2 },
    detector: [{ kind: { $case: "external", value: { address, parameters } } }],
  });
}

const plain = Crappifier.fromPartial({ sampling: { scale: 2 } });

async function withImage(t: TestContext, flags: string[]): Promise<Installation & { image: string }> {
  const installation = await startInstallation(t, flags);
  const { name } = await importImage(installation, "a", png(picture([128, 96], "uint8")), {
    image: { levels: { black: 0, white: 255, source: 0 }, pixelSizeNm: 10 },
  });
  return { ...installation, image: name };
}

async function allowing(t: TestContext, address: string, ...flags: string[]) {
  return await withImage(t, ["--external-crappifiers", address, ...flags]);
}

async function pairsOf({ crappify }: Installation, request: Parameters<Installation["crappify"]["streamPairs"]>[0]) {
  const all: PairPart[] = [];
  for await (const { parts } of crappify.streamPairs(request)) all.push(...parts);
  return all.map(({ step, index, low, high }) => `${step}/${index} ${sha256(low!.data)} ${sha256(high!.data)}`);
}

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

const failures: [name: string, answer: Answer, says: RegExp][] = [
  ["no pixels", async () => ({ pixels: undefined }), /it answered without pixels/],
  [
    "pixels of another shape",
    async ({ pixels }) => ({ pixels: { ...pixels!, shape: [48n, 64n] } }),
    /it answered pixels of yx 48×64; yx 64×48 were expected/,
  ],
  [
    "pixels of axes that no terminal should show",
    async ({ pixels }) => ({ pixels: { ...pixels!, axes: "\x1b[2Jyx" } }),
    /it answered pixels of {2}\[2Jyx 64×48; yx/,
  ],
  [
    "pixels of another type",
    async ({ pixels }) => ({ pixels: { ...pixels!, dataType: DataType.DATA_TYPE_UINT16 } }),
    /DATA_TYPE_UINT16; DATA_TYPE_FLOAT32 was expected/,
  ],
  [
    "too few bytes",
    async ({ pixels }) => ({ pixels: { ...pixels!, data: pixels!.data.subarray(4) } }),
    /12284 bytes of pixels; 12288 were expected/,
  ],
  [
    "a pixel that is no number",
    async (request) => changed(request, (value, n) => (n === 50 ? Number.NaN : value)),
    /row 1, column 2 is NaN/,
  ],
  [
    "a refusal",
    async () => {
      throw new ServerError(Status.INVALID_ARGUMENT, "amplitude: −3 is below 0");
    },
    /it answered INVALID_ARGUMENT: amplitude: −3 is below 0/,
  ],
  [
    "a refusal in words that no terminal should show",
    async () => {
      throw new ServerError(Status.INVALID_ARGUMENT, "\x1b]0;owned\x07 amplitude:\r\n\u009b2J −3 is below 0");
    },
    /it answered INVALID_ARGUMENT: {2}\]0;owned {2}amplitude: {3}2J −3 is below 0$/,
  ],
  [
    "having too much to do",
    async () => {
      throw new ServerError(Status.RESOURCE_EXHAUSTED, "no more than 4 planes at once");
    },
    /it answered RESOURCE_EXHAUSTED: no more than 4 planes at once/,
  ],
  [
    "a fault of its own",
    async () => {
      throw new Error("lost my notes");
    },
    /it answered UNKNOWN: /,
  ],
];

for (const [name, answer, says] of failures) {
  test(`${name} is an error that names the server and what it did`, async (t) => {
    const address = await startCustomCrappifier(t, answer);
    const { crappify, image } = await allowing(t, address);
    await assert.rejects(crappify.preview({ image, crappifier: stepAt(address) }), (error: Error) => {
      assert.ok(isPssrError(error, "EXTERNAL_CRAPPIFIER_FAILED"), String(error));
      assert.match(error.message, says);
      assert.ok(error.message.includes(address));
      assert.equal(error.metadata.address, address);
      return true;
    });
  });
}

test("a server that does not answer in time fails after two tries, and holds up nobody else meanwhile", async (t) => {
  let calls = 0;
  const address = await startCustomCrappifier(t, async (_, { signal }) => {
    calls++;
    await once(signal, "abort");
    throw new ServerError(Status.CANCELLED, "given up");
  });
  const flags = ["--external-crappifier-deadline", "300ms", "--external-crappifier-calls", "1"];
  const { crappify, image } = await allowing(t, address, ...flags);
  const late = crappify.preview({ image, crappifier: stepAt(address) });
  const failing = assert.rejects(late, (error: Error) => {
    assert.ok(isPssrError(error, "EXTERNAL_CRAPPIFIER_FAILED"), String(error));
    assert.match(error.message, /did not answer within 300 ms, 2 times/);
    return true;
  });
  // One call at a time: the second waits for the first to fail, the third needs no server.
  const another = assert.rejects(crappify.preview({ image, crappifier: stepAt(address), seed: 1n }));
  await crappify.preview({ image, crappifier: plain });
  assert.ok(calls < 2, "what needs no server had to wait for one");
  await Promise.all([failing, another]);
  assert.equal(calls, 4);
});

const passing: [name: string, answer: Answer, says: RegExp][] = [
  [
    "late",
    async (_, { signal }) => {
      await once(signal, "abort");
      throw new ServerError(Status.CANCELLED, "given up");
    },
    /did not answer within 1000 ms, 2 times/,
  ],
  [
    "busy",
    async () => {
      throw new ServerError(Status.RESOURCE_EXHAUSTED, "no more than 4 planes at once");
    },
    /RESOURCE_EXHAUSTED: no more than 4 planes at once/,
  ],
];

for (const [name, answer, says] of passing) {
  test(`a stream of pairs whose server is ${name} is UNAVAILABLE: its reader comes again, and goes on where it stood`, async (t) => {
    let away = false;
    const address = await startCustomCrappifier(t, (...call) => (away ? answer : noisyNegative)(...call));
    const installation = await allowing(t, address, "--external-crappifier-deadline", "1s");
    const dataset = { images: [installation.image], tileSize: 32, tileStride: 32 };
    const { name: named } = await installation.datasets.createDataset({ parent: project, datasetId: "d", dataset });
    const request = { dataset: named, crappifier: stepAt(address), seed: 4n, batchSize: 1 };
    const whole = await pairsOf(installation, { ...request, steps: 4n });
    away = true;
    await assert.rejects(pairsOf(installation, { ...request, fromStep: 1n, steps: 3n }), (error: Error) => {
      assert.ok(isPssrError(error, "UNAVAILABLE"), String(error));
      assert.match(error.message, says);
      assert.equal(error.metadata.address, address);
      return true;
    });
    away = false;
    assert.deepEqual(await pairsOf(installation, { ...request, fromStep: 1n, steps: 3n }), whole.slice(1));
  });
}

test("a stream of pairs whose server cannot take a plane's message at all ends with that, whatever it is written in", async (t) => {
  const tooLarge = {
    C: "CLIENT: Received message larger than max (4161 vs. 4096)",
    Go: "grpc: received message larger than max (4161 vs. 4096)",
    Java: "gRPC message exceeds maximum size 4096: 4161",
    ".NET": "Received message exceeds the maximum configured message size.",
    Rust: "Error, decoded message length too large: found 4161 bytes, the limit is: 4096 bytes",
  };
  let says = "";
  const address = await startCustomCrappifier(t, async () => {
    throw new ServerError(Status.RESOURCE_EXHAUSTED, says);
  });
  const installation = await allowing(t, address);
  const dataset = { images: [installation.image], tileSize: 32, tileStride: 32 };
  const { name } = await installation.datasets.createDataset({ parent: project, datasetId: "d", dataset });
  for (says of Object.values(tooLarge))
    await assert.rejects(
      pairsOf(installation, { dataset: name, crappifier: stepAt(address), batchSize: 1, steps: 1n }),
      reason("EXTERNAL_CRAPPIFIER_FAILED"),
      says,
    );
});

test("a server that is on its way out is asked again", async (t) => {
  let calls = 0;
  const address = await startCustomCrappifier(t, async (request) => {
    if (++calls === 1) throw new ServerError(Status.UNAVAILABLE, "shutting down");
    return changed(request, (value) => value);
  });
  const { crappify, image } = await allowing(t, address);
  const { low } = await crappify.preview({ image, crappifier: stepAt(address) });
  assert.deepEqual(low, (await crappify.preview({ image, crappifier: plain })).low);
  assert.equal(calls, 2);
});

test("a server that is not there is UNAVAILABLE, with its address: it may come back", async (t) => {
  const closed = createTcpServer();
  closed.listen(0, "127.0.0.1");
  await once(closed, "listening");
  const address = `127.0.0.1:${(closed.address() as AddressInfo).port}`;
  closed.close();
  await once(closed, "close");
  const { crappify, image } = await allowing(t, address);
  await assert.rejects(crappify.preview({ image, crappifier: stepAt(address) }), (error: Error) => {
    assert.ok(isPssrError(error, "UNAVAILABLE"), String(error));
    assert.match(error.message, new RegExp(`the external crappifier at ${address} cannot be reached`));
    return true;
  });
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
