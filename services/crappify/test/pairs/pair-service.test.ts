import assert from "node:assert/strict";
import { test } from "node:test";
import { type Crappifier, impatient, Split } from "@pssr/api";
import { createPixelArray, planeOrigins, resize } from "@pssr/imaging";
import { bytesOf } from "../download.js";
import { changed, startCustomCrappifier } from "../external/custom-crappifier.js";
import { project } from "../installation.js";
import { picture } from "../pictures.js";
import { reason } from "../reason.js";
import { sha256 } from "../upload.js";
import { noiseless, type Pair, pairs, parts, withDataset } from "./dataset-pairs.js";

function keyOf({ step, index }: Pair): string {
  return `${step}/${index}`;
}

test("the request alone decides the bytes: over instances, threads, and twice in a row", async (t) => {
  const one = await withDataset(t, { flags: ["--crappify-threads", "1"] });
  const two = await withDataset(t, { flags: ["--crappify-threads", "2", "--tile-cache", "1MiB"] });
  const stream = { steps: 12n, augment: true };
  const first = await pairs(one, stream);
  assert.equal(first.length, 48);
  assert.deepEqual(await pairs(one, stream), first);
  assert.deepEqual(await pairs(two, stream), first);
  assert.notDeepEqual(await pairs(one, { ...stream, seed: 8n }), first);
});

test("streams read at once, whose memory is used again and again, are those read alone", async (t) => {
  const dataset = { tileSize: 256 };
  const shapes: [number, number][] = [[768, 768]];
  const shared = await withDataset(t, { dataset, shapes, flags: ["--crappify-threads", "2"] });
  const asked = { steps: 12n, augment: true };
  const atOnce = await Promise.all([1n, 2n, 3n].map((seed) => pairs(shared, { ...asked, seed })));
  const alone = await withDataset(t, {
    dataset,
    shapes,
    flags: ["--crappify-threads", "1", "--pair-prefetch", "1MiB"],
  });
  for (const [n, seed] of [1n, 2n, 3n].entries()) {
    assert.equal(atOnce[n]!.length, 48);
    assert.deepEqual(atOnce[n], await pairs(alone, { ...asked, seed }));
  }
});

test("a stream begun at a later step goes on as the whole one does", async (t) => {
  const installation = await withDataset(t);
  const whole = await pairs(installation, { steps: 40n, augment: true });
  const tail = await pairs(installation, { fromStep: 33n, steps: 7n, augment: true });
  assert.deepEqual(
    tail,
    whole.filter(({ step }) => step >= 33),
  );
});

test("an epoch holds every tile once, in a new order each time, with other noise", async (t) => {
  const installation = await withDataset(t, { dataset: { tileStride: 32 } });
  const tiles = Number(installation.dataset.trainingTiles);
  const two = await pairs(installation, { batchSize: 1, steps: BigInt(2 * tiles) });
  const digests = (of: Pair[]) => of.map(({ high }) => sha256(high));
  const [first, second] = [two.slice(0, tiles), two.slice(tiles)];
  assert.equal(new Set(digests(first)).size, tiles);
  assert.deepEqual(digests(first).sort(), digests(second).sort());
  assert.notDeepEqual(digests(first), digests(second));
  const lowOf = new Map(first.map(({ high, low }) => [sha256(high), sha256(low)]));
  for (const { high, low } of second) assert.notEqual(lowOf.get(sha256(high)), sha256(low));
});

test("with fixed noise a tile is degraded once, and turned together with its low resolution", async (t) => {
  const installation = await withDataset(t, { dataset: { tileStride: 32 } });
  const tiles = Number(installation.dataset.trainingTiles);
  const request = { batchSize: 1, steps: BigInt(4 * tiles), augment: true, fixedNoise: true };
  const sent = await pairs(installation, request);
  // A tile's pixels in order of their value are the same however it lies.
  const content = (pixels: Uint8Array) => sha256(pixels.toSorted());
  const lowOf = new Map(sent.slice(0, tiles).map(({ high, low }) => [content(high), content(low)]));
  for (const { high, low } of sent) assert.equal(lowOf.get(content(high)), content(low));
  assert.ok(new Set(sent.map(({ low }) => sha256(low))).size > 2 * tiles, "tiles are not turned");
});

test("tiles become brighter and darker by up to the share that is asked for, both sides alike", async (t) => {
  const installation = await withDataset(t, { dataset: { tileStride: 32 } });
  const request = { batchSize: 1, steps: 60n, crappifier: noiseless };
  const plain = await pairs(installation, request);
  const changed = await pairs(installation, { ...request, intensityAugmentation: 0.5 });
  const mean = (pixels: Uint8Array) => pixels.reduce((sum, value) => sum + value, 0) / pixels.length;
  const gains = changed.map(({ high }, n) => mean(high) / mean(plain[n]!.high));
  assert.ok(Math.min(...gains) > 0.45 && Math.min(...gains) < 0.65, `darkest ${Math.min(...gains)}`);
  assert.ok(Math.max(...gains) > 1.1 && Math.max(...gains) < 1.55, `brightest ${Math.max(...gains)}`);
  for (const { low, high } of changed) assert.ok(Math.abs(mean(low) - mean(high)) < 2);
  await assert.rejects(
    pairs(installation, { ...request, intensityAugmentation: 1 }),
    reason("INVALID_FIELD", "intensity_augmentation"),
  );
});

test("shares of a step are disjoint and make up the whole", async (t) => {
  const installation = await withDataset(t);
  const whole = await pairs(installation, { steps: 5n, batchSize: 7 });
  const shares: Pair[] = [];
  for (const shardIndex of [0, 1, 2]) {
    const share = await pairs(installation, { steps: 5n, batchSize: 7, shardIndex, shardCount: 3 });
    for (const { index } of share) assert.equal(index % 3, shardIndex);
    shares.push(...share);
  }
  assert.equal(shares.length, whole.length);
  const byKey = new Map(shares.map((pair) => [keyOf(pair), pair]));
  for (const pair of whole) assert.deepEqual(byKey.get(keyOf(pair)), pair);
});

test("validation sends each tile once in its own order, never turned, the last step smaller", async (t) => {
  const installation = await withDataset(t, { shapes: [[200, 200]] });
  const tiles = Number(installation.dataset.validationTiles);
  const batchSize = tiles - 1;
  const sent = await pairs(installation, { split: Split.SPLIT_VALIDATION, batchSize });
  assert.equal(sent.length, tiles);
  assert.deepEqual([sent.at(-1)!.step, sent.at(-1)!.index, sent.at(-1)!.pairsInStep], [1, 0, 1]);
  assert.deepEqual(await pairs(installation, { split: Split.SPLIT_VALIDATION, batchSize }), sent);
  const image = picture([200, 200], "uint8", 0);
  // The rectangle held back: √0.1 of 200 pixels, at the lower right.
  const side = Math.round(Math.sqrt(0.1) * 200);
  for (const [i, [y, x]] of planeOrigins([side, side], 32, 16).entries()) {
    const row = image.data.subarray(
      (y + 200 - side) * 200 + x + 200 - side,
      (y + 200 - side) * 200 + x + 200 - side + 32,
    );
    assert.deepEqual([...sent[i]!.high.subarray(0, 32)], [...row]);
  }
  await assert.rejects(
    pairs(installation, { split: Split.SPLIT_VALIDATION, augment: true }),
    reason("INVALID_FIELD", "augment"),
  );
});

test("without noise the low-resolution tile is Pillow's bilinear downscale of the high one, turned or not", async (t) => {
  const installation = await withDataset(t, { dtype: "uint16" });
  for (const { low, high } of await pairs(installation, { steps: 8n, augment: true, crappifier: noiseless })) {
    const tile = createPixelArray("yx", [32, 32], new Uint16Array(new Uint8Array(high).buffer));
    assert.deepEqual(new Uint8Array(low), bytesOf(resize(tile, [8, 8], "BILINEAR")));
  }
});

test("augmentation turns tiles in all eight ways", async (t) => {
  const installation = await withDataset(t, { shapes: [[160, 160]], dataset: { tileSize: 64, tileStride: 64 } });
  const tiles = Number(installation.dataset.trainingTiles);
  const plain = await pairs(installation, { batchSize: 1, steps: BigInt(tiles) });
  const turned = await pairs(installation, { batchSize: 1, steps: BigInt(40 * tiles), augment: true });
  const kinds = new Set(turned.map(({ high }) => sha256(high)));
  assert.equal(kinds.size, 8 * tiles);
  for (const { high } of plain) assert.ok(kinds.has(sha256(high)));
});

test("large tiles come in messages of at most 512 KiB with some rows of one side each", async (t) => {
  const installation = await withDataset(t, {
    shapes: [[1400, 1400]],
    dtype: "uint16",
    dataset: { tileSize: 600, tileStride: 600 },
  });
  const sent = await parts(installation, { steps: 1n, batchSize: 2, crappifier: noiseless });
  for (const { low, high } of sent) {
    assert.ok((low?.data.length ?? 0) + (high?.data.length ?? 0) <= 512 * 1024);
    assert.ok(low === undefined || high === undefined);
  }
  assert.equal(sent.filter(({ last }) => last).length, 2);
  assert.deepEqual(sent.at(-1)!.high?.shape[1], 600n);
  const rows = sent
    .filter(({ index, high }) => index === 0 && high)
    .map(({ high }) => [Number(high!.origin[0]), Number(high!.shape[0])]);
  assert.equal(rows[0]![0], 0);
  for (const [i, [first]] of rows.entries()) if (i > 0) assert.equal(first, rows[i - 1]![0]! + rows[i - 1]![1]!);
  assert.equal(rows.at(-1)![0]! + rows.at(-1)![1]!, 600);
});

test("a wrong digest, a wrong scale and an unknown dataset are refused", async (t) => {
  const installation = await withDataset(t, { dataset: { tileSize: 33 } });
  await pairs(installation, {
    steps: 1n,
    datasetDigest: installation.dataset.digest,
    crappifier: { ...noiseless, sampling: { scale: 3, kernel: 0 } },
  });
  await assert.rejects(
    pairs(installation, { datasetDigest: "0".repeat(64) }),
    reason("DATASET_CHANGED", "dataset_digest"),
  );
  await assert.rejects(pairs(installation, {}), reason("INVALID_FIELD", "crappifier.sampling.scale"));
  // Nobody could ever be sent a pair of the ninth share.
  await assert.rejects(
    pairs(installation, { batchSize: 8, shardIndex: 8, shardCount: 9 }),
    reason("INVALID_FIELD", "shard_count"),
  );
  const unknown = { ...installation, dataset: { ...installation.dataset, name: `${project}/datasets/none` } };
  await assert.rejects(pairs(unknown, {}), reason("NOT_FOUND", "dataset"));
  const crappifier: Crappifier = { optics: [], sampling: undefined, detector: [{ kind: undefined }], named: undefined };
  await assert.rejects(pairs(installation, { crappifier }), reason("INVALID_FIELD", "crappifier.detector[0]"));
});

test("a stream ends with DATASET_DELETED when its dataset is deleted", async (t) => {
  const installation = await withDataset(t);
  const { crappify, datasets, dataset } = installation;
  let received = 0;
  await assert.rejects(
    async () => {
      for await (const _ of crappify.streamPairs({ dataset: dataset.name })) {
        if (received++ === 20) await datasets.deleteDataset({ name: dataset.name });
      }
    },
    reason("DATASET_DELETED", "dataset"),
  );
  assert.ok(received > 20);
});

test("a reader that stalls has a bounded number of bytes sent and made for it", async (t) => {
  const options = {
    shapes: [[1100, 1100]] as [number, number][],
    dtype: "uint16" as const,
    dataset: { tileSize: 512, tileStride: 64 },
  };
  const installation = await withDataset(t, { ...options, flags: ["--pair-prefetch", "1MiB"] });
  const { crappify, datasets, dataset } = installation;
  const stream = crappify.streamPairs({ dataset: dataset.name, crappifier: noiseless })[Symbol.asyncIterator]();
  await stream.next();
  // Meanwhile the server is at work for others; without a bound it would make a pair for each of these, and many more.
  for (let i = 0; i < 60; i++) {
    const region = { start: [], shape: [64n, 64n] };
    await crappify.preview({ image: dataset.images[0]!, region, seed: BigInt(i) });
  }
  await datasets.deleteDataset({ name: dataset.name });
  let bytes = 0;
  await assert.rejects(async () => {
    for (;;) {
      const { value } = await stream.next();
      for (const { low, high } of value?.parts ?? []) bytes += (low?.data.length ?? 0) + (high?.data.length ?? 0);
    }
  }, reason("DATASET_DELETED"));
  // 32 messages that gRPC buffers, and some on their way.
  assert.ok(bytes <= 40 * 512 * 1024, `${bytes} bytes`);
});

test("a slow external step neither holds back the pairs made before nor makes the stream look dead", async (t) => {
  let release!: () => void;
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  let planes = 0;
  const address = await startCustomCrappifier(t, async (request) => {
    if (planes++ > 0) await released;
    return changed(request, (value) => value);
  });
  // One call at a time: the first pair's is answered, the second's is held.
  const flags = ["--external-crappifiers", address, "--external-crappifier-calls", "1"];
  const { crappify, dataset } = await withDataset(t, { flags: [...flags, "--external-crappifier-deadline", "50s"] });
  const external = { kind: { $case: "external" as const, value: { address, parameters: {} } } };
  const request = {
    dataset: dataset.name,
    crappifier: { ...noiseless, detector: [external] },
    batchSize: 3,
    steps: 1n,
  };
  // As a trainer reads, with a limit far below the time that the step takes.
  const silenceMs = 4000;
  const messages = impatient((options) => crappify.streamPairs(request, options), silenceMs);
  const received: number[] = [];
  const begun = performance.now();
  for await (const { parts } of messages) {
    received.push(...parts.map(({ index }) => index));
    if (received.length === 1 && performance.now() - begun > silenceMs + 1000) release();
  }
  assert.deepEqual(received, [0, 1, 2]);
});
