import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { startS3Server } from "@pssr/local-servers";

test("an S3 server starts with keys of its own, dies, and comes back at the same address", async (context) => {
  const directory = await mkdtemp(join(tmpdir(), "pssr-s3-"));
  const server = await startS3Server({ directory });
  context.after(async () => {
    await server.stop();
    await rm(directory, { recursive: true });
  });
  // An unsigned request is refused, by S3's own XML.
  assert.match(await answer(server.endpoint), /AccessDenied/);
  assert.match(server.accessKey, /^[0-9a-f]{20}$/);
  assert.notEqual(server.accessKey, server.secretKey);
  await server.kill();
  await assert.rejects(answer(server.endpoint));
  await server.start();
  assert.match(await answer(server.endpoint), /AccessDenied/);
});

async function answer(url: string): Promise<string> {
  return (await fetch(url)).text();
}
