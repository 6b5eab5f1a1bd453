import assert from "node:assert/strict";
import { test } from "node:test";
import { UploadStore } from "../../dist/uploads/upload-store.js";
import { project, startInstallation } from "../installation.js";
import { dayMs, hourMs, JumpingClock, minuteMs } from "../jumping-clock.js";
import { reason } from "../reason.js";
import { pieces, sha256, upload } from "../upload.js";

test("an upload is forgotten 24 hours after its last byte, with its bytes", async (t) => {
  const installation = await startInstallation(t);
  const bytes = new Uint8Array(100_000);
  const name = await upload(installation, "a.png", bytes);
  const clock = new JumpingClock();
  const store = new UploadStore(installation.ports, 2 ** 30, clock);
  await store.sweep(async () => false, {});
  clock.pass(dayMs - minuteMs);
  await store.sweep(async () => false, {});
  assert.equal((await installation.images.getUpload({ name })).sha256, sha256(bytes));
  clock.pass(2 * minuteMs);
  await store.sweep(async () => false, {});
  await assert.rejects(installation.images.getUpload({ name }), reason("NOT_FOUND"));
  for await (const { key } of installation.objects.list("uploads/")) assert.fail(`${key} is left`);
});

test("an upload that an operation is still to use is kept for longer", async (t) => {
  const installation = await startInstallation(t, ["--import-concurrency", "0"]);
  const name = await upload(installation, "a.png", new Uint8Array(1000));
  await installation.images.createImage({ parent: project, imageId: "a", upload: name });
  const clock = new JumpingClock();
  const store = new UploadStore(installation.ports, 2 ** 30, clock);
  const asked: string[] = [];
  const waits = async (...operation: [string, string]) => asked.push(operation.join("/")) > 0;
  await store.sweep(waits, {});
  clock.pass(dayMs + minuteMs);
  await store.sweep(waits, {});
  assert.deepEqual(asked, ["em/image-a"]);
  assert.equal((await installation.images.getUpload({ name })).receivedBytes, 1000n);
  await store.sweep(async () => false, {});
  await assert.rejects(installation.images.getUpload({ name }), reason("NOT_FOUND"));
});

test("a machine whose clock is a day ahead takes no upload that is being sent, nor one that has just been left", async (t) => {
  const installation = await startInstallation(t);
  const { images } = installation;
  const bytes = new Uint8Array(300_000).fill(7);
  const file = { filename: "a.png", sizeBytes: BigInt(bytes.length), sha256: sha256(bytes) };
  const { name } = await images.createUpload({ parent: project, upload: file });
  const clock = new JumpingClock();
  clock.jump(dayMs + hourMs);
  const store = new UploadStore(installation.ports, 2 ** 30, clock);
  for (let at = 0; at < bytes.length; at += 100_000) {
    await images.writeUpload(pieces(name, bytes.subarray(0, at + 100_000), at));
    await store.sweep(async () => false, {});
    clock.pass(hourMs);
  }
  assert.equal((await images.getUpload({ name })).receivedBytes, BigInt(bytes.length));
  const sent: Uint8Array[] = [];
  for await (const { key } of installation.objects.list("uploads/")) {
    sent.push(await installation.objects.getBytes(key, bytes.length));
  }
  assert.deepEqual(new Uint8Array(Buffer.concat(sent)), bytes);
});
