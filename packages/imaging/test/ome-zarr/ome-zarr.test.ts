import assert from "node:assert/strict";
import { test } from "node:test";
import { isPssrError, type Reason } from "@pssr/api";
import {
  copyRegion,
  createPixelArray,
  type Dtype,
  gridIndices,
  memorySource,
  openOmeZarr,
  ShardWriter,
  shardLayout,
  shardRegion,
  writeOmeZarr,
  writeOmeZarrMetadata,
} from "@pssr/imaging";
import { pattern } from "../formats/fixture-files.js";
import { FixtureStore, MemoryStore } from "./stores.js";

const whole = (shape: readonly number[]) => ({ start: shape.map(() => 0), shape });
const fails = (promise: Promise<unknown>, reason: Reason) =>
  assert.rejects(promise, (error) => isPssrError(error, reason));
const image = (dtype: Dtype, axes: string, ...shape: number[]) => createPixelArray(axes, shape, pattern(dtype, shape));

for (const [name, axes, dtype, shape, pixelSizeNm] of [
  ["plane-uint8-zstd", "yx", "uint8", [20, 30], 10],
  ["movie-uint16-gzip", "tczyx", "uint16", [2, 2, 3, 9, 11], 25],
  ["stack-float32-plain", "zyx", "float32", [3, 9, 11], 4],
] as const) {
  test(`${name}, written by zarr-python, is read`, async () => {
    const opened = await openOmeZarr(new FixtureStore(name));
    assert.equal(opened.axes, axes);
    assert.equal(opened.dtype, dtype);
    assert.deepEqual(opened.shape, shape);
    assert.equal(opened.pixelSizeNm, pixelSizeNm);
    assert.equal(opened.name, name);
    assert.deepEqual((await opened.readRegion(whole(shape))).data, pattern(dtype, shape));
  });
}

for (const pixels of [
  image("uint8", "yx", 300, 520),
  image("uint16", "zyx", 3, 257, 255),
  image("float32", "yx", 1, 1),
  image("uint8", "tczyx", 2, 2, 2, 30, 300),
]) {
  test(`${pixels.dtype} ${pixels.axes} ${pixels.shape.join("×")} comes back to the bit, with what is known of it`, async () => {
    const store = new MemoryStore();
    const about = {
      name: "scan 7",
      pixelSizeNm: 8,
      levels: { black: 3, white: 250.5, source: "PERCENTILE" as const },
      ...(pixels.axes.includes("z") && { planeDistanceNm: 40 }),
    };
    await writeOmeZarr(store, memorySource(pixels), about);
    const { readRegion, ...opened } = await openOmeZarr(store);
    assert.deepEqual(opened, { ...about, axes: pixels.axes, shape: pixels.shape, dtype: pixels.dtype });
    assert.deepEqual(await readRegion(whole(pixels.shape)), pixels);
    const region = {
      start: pixels.shape.map((size) => size >> 1),
      shape: pixels.shape.map((size) => size - (size >> 1)),
    };
    assert.deepEqual(await readRegion(region), copyRegion(pixels, region));
  });
}

test("writers of different shards make the same objects as one writer does", async () => {
  const source = image("uint8", "zyx", 4, 300, 200);
  const [one, many] = [new MemoryStore(), new MemoryStore()];
  await writeOmeZarr(one, memorySource(source));
  const { grid } = shardLayout(source);
  await writeOmeZarrMetadata(many, source);
  await Promise.all(
    [...gridIndices(grid)].reverse().map((index) => {
      const writer = new ShardWriter(many, source);
      return writer.write(index, copyRegion(source, writer.regionOf(index)));
    }),
  );
  assert.deepEqual(new Map([...many.objects].sort()), new Map([...one.objects].sort()));
});

test("shards hold at most 4 MiB, lie within a plane, and cover the image once", () => {
  for (const [dtype, axes, shape] of [
    ["uint8", "yx", [20000, 30000]],
    ["float32", "yx", [100000, 300]],
    ["uint16", "zyx", [40, 700, 90000]],
    ["uint8", "yx", [5, 5]],
  ] as const) {
    const layout = shardLayout({ dtype, axes, shape });
    const bytes = layout.shardShape.reduce((a, b) => a * b, 1) * { uint8: 1, uint16: 2, float32: 4 }[dtype];
    assert.ok(bytes <= 4 * 1024 * 1024);
    let pixels = 0;
    for (const index of gridIndices(layout.grid))
      pixels += shardRegion(layout, shape, index).shape.reduce((a, b) => a * b, 1);
    assert.equal(
      pixels,
      shape.reduce<number>((a, b) => a * b, 1),
    );
    assert.ok(layout.shardShape.every((size, axis) => size % layout.chunkShape[axis]! === 0));
  }
  assert.deepEqual(shardLayout({ dtype: "uint8", axes: "yx", shape: [20000, 30000] }).shardShape, [2048, 2048]);
});

test("a missing or damaged shard is an error, never zeros", async () => {
  const store = new MemoryStore();
  const pixels = image("uint8", "zyx", 2, 64, 64);
  await writeOmeZarr(store, memorySource(pixels));
  const key = "/0/c/1/0/0";
  const shard = store.objects.get(key)!;
  const read = async (bytes?: Uint8Array) => {
    if (bytes === undefined) store.objects.delete(key);
    else store.objects.set(key, bytes);
    return (await openOmeZarr(store)).readRegion(whole(pixels.shape));
  };
  const changed = (at: number) => shard.map((value, i) => (i === at ? value ^ 1 : value));
  await fails(read(), "OBJECT_CORRUPT");
  await fails(read(shard.subarray(0, 10)), "OBJECT_CORRUPT");
  await fails(read(changed(shard.length - 10)), "OBJECT_CORRUPT");
  await fails(read(changed(100)), "OBJECT_CORRUPT");
  assert.deepEqual(await read(shard), pixels);
});

test("what is no image of ours is refused", async () => {
  const store = new MemoryStore();
  await fails(openOmeZarr(store), "NOT_FOUND");
  for (const text of [
    "{",
    "{}",
    "[]",
    "null",
    '{"attributes":{"ome":{"multiscales":[{"axes":[{"name":"y"},{"name":"x"}]}]}}}',
  ]) {
    store.objects.set("/zarr.json", new TextEncoder().encode(text));
    await fails(openOmeZarr(store), "OBJECT_CORRUPT");
  }
  await writeOmeZarr(store, memorySource(image("uint8", "yx", 4, 4)));
  store.objects.set("/0/zarr.json", new TextEncoder().encode("{"));
  await fails(openOmeZarr(store), "OBJECT_CORRUPT");
  store.objects.delete("/0/zarr.json");
  await fails(openOmeZarr(store), "OBJECT_CORRUPT");
});

test("regions outside of the image and pixels of another shape are refused", async () => {
  const store = new MemoryStore();
  const pixels = image("uint8", "yx", 40, 50);
  await writeOmeZarr(store, memorySource(pixels));
  const opened = await openOmeZarr(store);
  await fails(opened.readRegion({ start: [0, 20], shape: [10, 31] }), "INVALID_FIELD");
  const writer = new ShardWriter(store, pixels);
  await fails(writer.write([0, 0], image("uint8", "yx", 40, 49)), "SHAPE_MISMATCH");
  await fails(writer.write([0, 1], pixels), "INVALID_FIELD");
});

test("an aborted write leaves no metadata, an aborted read ends with the signal's reason", async () => {
  const store = new MemoryStore();
  const abort = new AbortController();
  const pixels = image("uint8", "zyx", 3, 20, 20);
  const source = memorySource(pixels);
  const stopping: typeof source = {
    ...source,
    readRegion: (region, options) => {
      if (region.start[0] === 1) abort.abort(new Error("enough"));
      return source.readRegion(region, options);
    },
  };
  await assert.rejects(writeOmeZarr(store, stopping, {}, { signal: abort.signal }), /enough/);
  assert.deepEqual([...store.objects.keys()], ["/0/c/0/0/0"]);
  await writeOmeZarr(store, source);
  const opened = await openOmeZarr(store);
  await assert.rejects(opened.readRegion(whole(pixels.shape), { signal: abort.signal }), /enough/);
});
