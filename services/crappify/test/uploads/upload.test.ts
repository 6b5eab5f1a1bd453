import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import { isPssrError } from "@pssr/api";
import { type Installation, project, startInstallation } from "../installation.js";
import { reason } from "../reason.js";
import { pieces, sha256 } from "../upload.js";

const MiB = 2 ** 20;

async function declare(
  { images }: Installation,
  bytes: Uint8Array,
  options: { uploadId?: string; requestId?: string } = {},
) {
  const upload = { filename: "scan 07.tif", sizeBytes: BigInt(bytes.length), sha256: sha256(bytes) };
  return images.createUpload({ parent: project, upload, ...options });
}

async function storedBytes({ objects }: Installation): Promise<number> {
  let bytes = 0;
  for await (const { size } of objects.list("uploads/")) bytes += size;
  return bytes;
}

test("an upload that breaks off goes on where it stands, and holds the file's bytes in the end", async (t) => {
  const installation = await startInstallation(t);
  const { images, objects } = installation;
  const bytes = randomBytes(9 * MiB + 12_345);
  const { name, receivedBytes } = await declare(installation, bytes);
  assert.equal(receivedBytes, 0n);

  const half = await images.writeUpload(pieces(name, bytes.subarray(0, 5 * MiB)));
  assert.equal(half.receivedBytes, BigInt(5 * MiB));
  const more = await images.writeUpload(pieces(name, bytes.subarray(0, 6 * MiB), 5 * MiB, 100_000));
  assert.equal(more.receivedBytes, BigInt(6 * MiB));
  const whole = await images.writeUpload(pieces(name, bytes, 6 * MiB));
  assert.equal(whole.receivedBytes, BigInt(bytes.length));

  assert.equal((await images.getUpload({ name })).receivedBytes, BigInt(bytes.length));
  assert.equal(await storedBytes(installation), bytes.length, "replaced parts are gone");
  let count = 0;
  for await (const _ of objects.list("uploads/")) count++;
  assert.equal(count, 3, "parts of 4 MiB");
});

test("a cancelled stream commits no more than what it sent, and the upload goes on", async (t) => {
  const installation = await startInstallation(t);
  const { images } = installation;
  const bytes = randomBytes(6 * MiB);
  const { name } = await declare(installation, bytes);
  const controller = new AbortController();
  async function* breakingOff() {
    yield* pieces(name, bytes.subarray(0, 5 * MiB));
    controller.abort();
    yield* pieces(name, bytes, 5 * MiB);
  }
  await assert.rejects(images.writeUpload(breakingOff(), { signal: controller.signal }));
  const stands = Number((await images.getUpload({ name })).receivedBytes);
  assert.ok(stands <= 5 * MiB, `${stands} bytes`);
  const operation = images.createImage({ parent: project, upload: name });
  await assert.rejects(operation, reason("UPLOAD_INCOMPLETE", "upload"));

  let upload = await images.getUpload({ name });
  while (upload.receivedBytes < bytes.length) {
    try {
      upload = await images.writeUpload(pieces(name, bytes, Number(upload.receivedBytes)));
    } catch (error) {
      // The server may still be storing what the cancelled stream had sent.
      if (!isPssrError(error, "UPLOAD_OFFSET_MISMATCH")) throw error;
      upload = await images.getUpload({ name });
    }
  }
  assert.equal(upload.receivedBytes, BigInt(bytes.length));
});

test("a wrong offset is refused with the right one, and what came before it is kept", async (t) => {
  const installation = await startInstallation(t);
  const { images } = installation;
  const bytes = randomBytes(2 * MiB);
  const { name } = await declare(installation, bytes);
  async function* withGap() {
    yield* pieces(name, bytes.subarray(0, MiB));
    yield* pieces(name, bytes, MiB + 1);
  }
  await assert.rejects(
    images.writeUpload(withGap()),
    (error) => isPssrError(error, "UPLOAD_OFFSET_MISMATCH") && error.metadata.expected_offset === String(MiB),
  );
  assert.equal((await images.getUpload({ name })).receivedBytes, BigInt(MiB));
});

test("more bytes than declared are refused", async (t) => {
  const installation = await startInstallation(t);
  const bytes = randomBytes(300_000);
  const { name } = await declare(installation, bytes.subarray(0, 299_999));
  await assert.rejects(installation.images.writeUpload(pieces(name, bytes)), reason("INVALID_FIELD", "data"));
});

test("of two senders at the same offset one wins, and the file is not torn", async (t) => {
  const installation = await startInstallation(t);
  const { images } = installation;
  const bytes = randomBytes(5 * MiB);
  const { name } = await declare(installation, bytes);
  const outcomes = await Promise.allSettled([
    images.writeUpload(pieces(name, bytes)),
    images.writeUpload(pieces(name, bytes)),
  ]);
  const won = outcomes.filter(({ status }) => status === "fulfilled");
  const lost = outcomes.filter(
    (outcome) => outcome.status === "rejected" && isPssrError(outcome.reason, "UPLOAD_OFFSET_MISMATCH"),
  );
  assert.equal(won.length + lost.length, 2);
  let upload = await images.getUpload({ name });
  if (upload.receivedBytes < bytes.length)
    upload = await images.writeUpload(pieces(name, bytes, Number(upload.receivedBytes)));
  assert.equal(upload.receivedBytes, BigInt(bytes.length));
  assert.equal(await storedBytes(installation), bytes.length);
});

test("a repeated declaration gives the same upload; another under its id is refused", async (t) => {
  const installation = await startInstallation(t);
  const bytes = randomBytes(10);
  const first = await declare(installation, bytes, { requestId: "once" });
  assert.equal((await declare(installation, bytes, { requestId: "once" })).name, first.name);
  await assert.rejects(declare(installation, randomBytes(10), { requestId: "once" }), reason("ALREADY_EXISTS"));
  await declare(installation, bytes, { uploadId: "mine" });
  await assert.rejects(declare(installation, bytes, { uploadId: "mine" }), reason("ALREADY_EXISTS", "upload_id"));
});

test("a declaration is checked field by field", async (t) => {
  const { images } = await startInstallation(t, ["--max-upload-bytes", "1000"]);
  const good = { filename: "a.png", sizeBytes: 10n, sha256: sha256(new Uint8Array(10)) };
  const create = (change: object) => images.createUpload({ parent: project, upload: { ...good, ...change } });
  await assert.rejects(create({ filename: "../a.png" }), reason("INVALID_FIELD", "upload.filename"));
  await assert.rejects(create({ sizeBytes: 0n }), reason("INVALID_FIELD", "upload.size_bytes"));
  await assert.rejects(create({ sizeBytes: 1001n }), reason("IMAGE_TOO_LARGE", "upload.size_bytes"));
  await assert.rejects(create({ sha256: "abc" }), reason("INVALID_FIELD", "upload.sha256"));
});

test("a deleted upload is gone with its bytes, another project's is not found", async (t) => {
  const installation = await startInstallation(t);
  const { images } = installation;
  const bytes = randomBytes(300_000);
  const { name } = await declare(installation, bytes);
  await images.writeUpload(pieces(name, bytes));
  const stranger = installation.as({ principal: "stranger", projects: ["other"], role: "operator" });
  await assert.rejects(stranger.images.getUpload({ name }), reason("NOT_FOUND"));
  await assert.rejects(stranger.images.writeUpload(pieces(name, bytes)), reason("NOT_FOUND"));
  await images.deleteUpload({ name });
  await assert.rejects(images.getUpload({ name }), reason("NOT_FOUND"));
  assert.equal(await storedBytes(installation), 0);
});
