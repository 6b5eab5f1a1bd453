import assert from "node:assert/strict";
import { test } from "node:test";
import { UploadStore, uploadLifetimeMs } from "../../dist/uploads/upload-store.js";
import { startInstallation } from "../installation.js";
import { reason } from "../reason.js";
import { sha256, upload } from "../upload.js";

test("an upload is forgotten 24 hours after its last byte, with its bytes", async (t) => {
  const installation = await startInstallation(t);
  const bytes = new Uint8Array(100_000);
  const name = await upload(installation, "a.png", bytes);
  const store = new UploadStore(installation.ports, 2 ** 30);
  const { signal } = new AbortController();
  await store.sweep(Date.now() + uploadLifetimeMs - 60_000, { signal });
  assert.equal((await installation.images.getUpload({ name })).sha256, sha256(bytes));
  await store.sweep(Date.now() + uploadLifetimeMs + 60_000, { signal });
  await assert.rejects(installation.images.getUpload({ name }), reason("NOT_FOUND"));
  for await (const { key } of installation.objects.list("uploads/")) assert.fail(`${key} is left`);
});
