import assert from "node:assert/strict";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { FileStateStore } from "@pssr/platform";
import { reason } from "../reason.js";
import { temporaryDirectory } from "../temporary-directory.js";
import { stateStoreContract } from "./contract.js";

stateStoreContract("file state", async (context) => FileStateStore.open(await temporaryDirectory(context)));

const value = Uint8Array.of(1, 2, 3);

test("records and revisions outlive the store, also where everything was deleted", async (context) => {
  const directory = await temporaryDirectory(context);
  let store = await FileStateStore.open(directory);
  const kept = await store.put("kept", value, 0n);
  let last = 0n;
  for (let i = 0; i < 5; i++) {
    last = await store.put("gone", value, 0n);
    await store.delete("gone", last);
  }
  store = await FileStateStore.open(directory);
  assert.deepEqual(await store.get("kept"), { key: "kept", value, revision: kept });
  await assert.rejects(store.put("kept", value, 0n), reason("REVISION_CONFLICT"));
  assert.ok((await store.put("gone", value, 0n)) > last + 1n, "the deletion had a revision too");
  assert.ok((await store.put("kept", value, kept)) > last);
});

test("what a crash left half-written is ignored and removed", async (context) => {
  const directory = await temporaryDirectory(context);
  await (await FileStateStore.open(directory)).put("a", value, 0n);
  await writeFile(join(directory, "entries", ".tmp", "torn"), "half");
  await writeFile(join(directory, "meta", ".tmp", "torn"), "half");
  const store = await FileStateStore.open(directory);
  assert.deepEqual(
    (await store.list("", { limit: 10 })).map(({ key }) => key),
    ["a"],
  );
  assert.deepEqual(await readdir(join(directory, "entries", ".tmp")), []);
  assert.deepEqual(await readdir(join(directory, "meta", ".tmp")), []);
});

test("a damaged record is named, not read", async (context) => {
  const directory = await temporaryDirectory(context);
  const store = await FileStateStore.open(directory);
  await store.put("a/b", value, 0n);
  const path = join(directory, "entries", "a", "b~");
  const sound = await readFile(path);
  const flipped = Buffer.from(sound);
  flipped[flipped.length - 1]! ^= 1;
  await writeFile(path, flipped);
  await assert.rejects(store.get("a/b"), reason("OBJECT_CORRUPT"));
  await writeFile(path, sound.subarray(0, sound.length - 1));
  await assert.rejects(store.get("a/b"), reason("OBJECT_CORRUPT"));
  await assert.rejects(FileStateStore.open(directory), (error: Error) => {
    assert.ok(error.message.includes(path));
    return reason("OBJECT_CORRUPT")(error);
  });
});
