import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { startNatsServer } from "@pssr/local-servers";

test("a NATS server starts, dies, and comes back at the same address", async (context) => {
  const directory = await mkdtemp(join(tmpdir(), "pssr-nats-"));
  const server = await startNatsServer({ directory });
  context.after(async () => {
    await server.stop();
    await rm(directory, { recursive: true });
  });
  assert.match(await greeting(server.url), /^INFO .*"jetstream":true/);
  await server.kill();
  await assert.rejects(greeting(server.url), /ECONNREFUSED/);
  await server.start();
  assert.match(await greeting(server.url), /^INFO /);
});

/** What the server says to a new connection. */
async function greeting(url: string): Promise<string> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  try {
    for await (const chunk of socket) return String(chunk);
    return "";
  } finally {
    socket.destroy();
  }
}
