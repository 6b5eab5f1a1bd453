import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, createServer as createTcpServer } from "node:net";
import { test } from "node:test";
import { DataType, isPssrError } from "@pssr/api";
import { ServerError, Status } from "nice-grpc-common";
import { project } from "../installation.js";
import { reason } from "../reason.js";
import { type Answer, changed, noisyNegative, startCustomCrappifier } from "./custom-crappifier.js";
import { allowing, pairsOf, plain, stepAt } from "./external-installation.js";

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
