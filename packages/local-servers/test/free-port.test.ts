import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { isPssrError } from "@pssr/api";
import { type LocalServer, startNatsServer, startS3Server } from "@pssr/local-servers";
import { freePort, onFreePorts } from "../dist/free-port.js";

type Start = (options: { directory: string; port: number }) => Promise<LocalServer>;
const starts: Record<string, Start> = { NATS: startNatsServer, S3: startS3Server };

for (const [name, start] of Object.entries(starts)) {
  test(`where somebody else was faster to take its port, ${name} starts on another`, async (context) => {
    const directory = await mkdtemp(join(tmpdir(), "pssr-ports-"));
    context.after(() => rm(directory, { recursive: true }));
    const other = createServer().listen(await freePort(), "127.0.0.1");
    await once(other, "listening");
    context.after(() => other.close());
    const { port: taken } = other.address() as { port: number };

    await assert.rejects(start({ directory, port: taken }), (error) => {
      assert.ok(isPssrError(error, "UNAVAILABLE"), String(error));
      assert.match(error.message, /address already in use/);
      return true;
    });
    const ports = [taken, taken, await freePort()];
    const server = await onFreePorts(() => start({ directory, port: ports.shift()! }));
    assert.deepEqual(ports, []);
    await server.stop();
    let tries = 0;
    const always = onFreePorts(() => {
      tries++;
      return start({ directory, port: taken });
    });
    await assert.rejects(always, /address already in use/);
    assert.equal(tries, 5);
  });
}
