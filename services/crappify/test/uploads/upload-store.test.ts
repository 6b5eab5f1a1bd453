import assert from "node:assert/strict";
import { test } from "node:test";
import { UploadStore, uploadLifetimeMs } from "../../dist/uploads/upload-store.js";
import { project, startInstallation } from "../installation.js";
import { reason } from "../reason.js";
import { sha256, upload } from "../upload.js";

test("an upload is forgotten 24 hours after its last byte, with its bytes", async (t) => {
  const installation = await startInstallation(t);
  const bytes = new Uint8Array(100_000);
  const name = await upload(installation, "a.png", bytes);
  const store = new UploadStore(installation.ports, 2 ** 30);
  const { signal } = new AbortController();
  await store.sweep(Date.now() + uploadLifetimeMs - 60_000, async () => false, { signal });
  assert.equal((await installation.images.getUpload({ name })).sha256, sha256(bytes));
  await store.sweep(Date.now() + uploadLifetimeMs + 60_000, async () => false, { signal });
  await assert.rejects(installation.images.getUpload({ name }), reason("NOT_FOUND"));
  for await (const { key } of installation.objects.list("uploads/")) assert.fail(`${key} is left`);
});

test("an upload that an operation is still to use is kept for longer", async (t) => {
  const installation = await startInstallation(t, ["--import-concurrency", "0"]);
  const name = await upload(installation, "a.png", new Uint8Array(1000));
  await installation.images.createImage({ parent: project, imageId: "a", upload: name });
  const store = new UploadStore(installation.ports, 2 ** 30);
  const { signal } = new AbortController();
  const asked: string[] = [];
  const tomorrow = Date.now() + uploadLifetimeMs + 60_000;
  const waits = async (...operation: [string, string]) => asked.push(operation.join("/")) > 0;
  await store.sweep(tomorrow, waits, { signal });
  assert.deepEqual(asked, ["em/image-a"]);
  assert.equal((await installation.images.getUpload({ name })).receivedBytes, 1000n);
  await store.sweep(tomorrow, async () => false, { signal });
  await assert.rejects(installation.images.getUpload({ name }), reason("NOT_FOUND"));
});
