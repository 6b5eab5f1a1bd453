import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { FileObjectStore } from "@pssr/platform";
import { reason } from "../reason.js";
import { temporaryDirectory } from "../temporary-directory.js";

const content = Buffer.from("what an older release wrote");
const sha256 = createHash("sha256").update(content).digest();

test("objects of version 1 are read, and checked by their SHA-256", async (context) => {
  const directory = await temporaryDirectory(context);
  await mkdir(join(directory, "a"));
  const older = (bytes: Uint8Array) => Buffer.concat([bytes, sha256, Buffer.from("pssrobj1")]);
  await writeFile(join(directory, "a", "sound~"), older(content));
  await writeFile(join(directory, "a", "broken~"), older(Buffer.from(content).fill("x", 3, 4)));
  const store = await FileObjectStore.open(directory);
  assert.deepEqual(Buffer.from(await store.getBytes("a/sound", 100)), content);
  assert.equal((await store.stat("a/sound"))?.sha256, sha256.toString("hex"));
  // The same content again is the same object, whatever its version.
  assert.equal((await store.put("a/sound", content)).size, content.length);
  await assert.rejects(store.getBytes("a/broken", 100), reason("OBJECT_CORRUPT"));
});
