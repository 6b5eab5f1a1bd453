import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { startS3Server } from "@pssr/local-servers";

test("a frozen server answers nothing until it is thawed, and can be stopped as it is", async (context) => {
  const directory = await mkdtemp(join(tmpdir(), "pssr-s3-"));
  const server = await startS3Server({ directory });
  context.after(async () => {
    await server.stop();
    await rm(directory, { recursive: true });
  });
  await server.freeze();
  let isAnswered = false;
  const answer = fetch(server.endpoint).then(() => {
    isAnswered = true;
  });
  await new Promise((resolve) => setTimeout(resolve, 200));
  assert.equal(isAnswered, false);
  await server.thaw();
  await answer;
  await server.freeze();
  await server.stop();
  await server.stop();
  await assert.rejects(fetch(server.endpoint));
});
