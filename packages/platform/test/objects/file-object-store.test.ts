import assert from "node:assert/strict";
import { open, readdir, readlink, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { FileObjectStore } from "@pssr/platform";
import { toStorageError } from "../../dist/files/storage-error.js";
import { ObservedObjectStore } from "../../dist/objects/observed-object-store.js";
import { reason } from "../reason.js";
import { temporaryDirectory } from "../temporary-directory.js";
import { collect, objectStoreContract, pattern } from "./contract.js";

objectStoreContract("file objects", async (context) => FileObjectStore.open(await temporaryDirectory(context)));
objectStoreContract(
  "observed file objects",
  async (context) => new ObservedObjectStore(await FileObjectStore.open(await temporaryDirectory(context))),
);

test("objects outlive the store that wrote them, and half-written files do not", async (context) => {
  const directory = await temporaryDirectory(context);
  await (await FileObjectStore.open(directory)).put("a/b", pattern(1000));
  await writeFile(join(directory, ".tmp", "left-by-a-crash"), "half");
  const store = await FileObjectStore.open(directory);
  assert.deepEqual(await store.getBytes("a/b", 1000), pattern(1000));
  assert.deepEqual(await readdir(join(directory, ".tmp")), []);
});

test("a flipped bit is found before the end of the stream", async (context) => {
  const directory = await temporaryDirectory(context);
  const store = await FileObjectStore.open(directory);
  await store.put("k", pattern(600_000));
  const file = await open(join(directory, "k~"), "r+");
  await file.write(Uint8Array.of(99), 0, 1, 5);
  await file.close();
  await assert.rejects(store.getBytes("k", 600_000), reason("OBJECT_CORRUPT"));
  let received = 0;
  const reading = (async () => {
    for await (const chunk of store.get("k")) received += chunk.length;
  })();
  await assert.rejects(reading, reason("OBJECT_CORRUPT"));
  assert.ok(received < 600_000);
});

test("a cut-off file is found", async (context) => {
  const directory = await temporaryDirectory(context);
  const store = await FileObjectStore.open(directory);
  await store.put("k", pattern(1000));
  for (const length of [900, 10, 0]) {
    await truncate(join(directory, "k~"), length);
    await assert.rejects(collect(store.get("k")), reason("OBJECT_CORRUPT"));
    await assert.rejects(store.stat("k"), reason("OBJECT_CORRUPT"));
  }
});

test("a failed put leaves no temporary file, a reader that stops early no open file", async (context) => {
  const directory = await temporaryDirectory(context);
  const store = await FileObjectStore.open(directory);
  await store.put("k", pattern(600_000));
  await assert.rejects(store.put("k", pattern(5)), reason("ALREADY_EXISTS"));
  assert.deepEqual(await readdir(join(directory, ".tmp")), []);
  for await (const chunk of store.get("k")) {
    assert.ok(chunk.length <= 256 * 1024);
    break;
  }
  const descriptors = await readdir("/proc/self/fd");
  const closed = (): string => ""; // the one that readdir itself had open
  const targets = await Promise.all(descriptors.map((fd) => readlink(`/proc/self/fd/${fd}`).catch(closed)));
  assert.ok(targets.some((target) => target !== ""));
  assert.ok(!targets.includes(join(directory, "k~")));
});

test("a full disk is STORAGE_FULL", async () => {
  const device = await open("/dev/full", "w");
  try {
    const failed = await device.write("x").then(
      () => assert.fail("/dev/full took a byte"),
      (error: unknown) => error,
    );
    assert.ok(reason("STORAGE_FULL")(toStorageError(failed, "/data")));
  } finally {
    await device.close();
  }
});
