/** A `pssr up` in a process of its own, as a user starts it. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { Client, credentials } from "@grpc/grpc-js";

export const command = "apps/cli/bin/pssr.js";

export interface Installation {
  address: string;
  /** From the start of the process to the first answer SERVING of its health service. */
  startSeconds: number;
  stop(): Promise<void>;
}

export async function startInstallation(dataDir: string): Promise<Installation> {
  const address = `127.0.0.1:${await freePort()}`;
  const begun = performance.now();
  const child = spawn(
    process.execPath,
    [command, "up", "--data-dir", dataDir, "--gateway-bind", address, "--log-level", "warn"],
    {
      stdio: ["ignore", "inherit", "inherit"],
    },
  );
  await serving(address, child);
  const startSeconds = (performance.now() - begun) / 1000;
  return {
    address,
    startSeconds,
    async stop() {
      child.kill("SIGTERM");
      if (child.exitCode === null) await once(child, "exit");
    },
  };
}

/** Asks the health service until it answers SERVING: HealthCheckResponse {status: 1} is the bytes 08 01. */
async function serving(address: string, child: ChildProcess): Promise<void> {
  const client = new Client(address, credentials.createInsecure(), {
    "grpc.initial_reconnect_backoff_ms": 20,
    "grpc.min_reconnect_backoff_ms": 20,
    "grpc.max_reconnect_backoff_ms": 20,
  });
  try {
    for (;;) {
      if (child.exitCode !== null) throw new Error(`pssr up ended with code ${child.exitCode}`);
      const answer = await new Promise<Buffer | undefined>((resolve) => {
        const bytes = (value: Buffer) => value;
        const deadline = Date.now() + 1000;
        client.makeUnaryRequest(
          "/grpc.health.v1.Health/Check",
          bytes,
          bytes,
          Buffer.alloc(0),
          { deadline },
          (_, value) => resolve(value),
        );
      });
      if (answer?.equals(Buffer.from([8, 1]))) return;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  } finally {
    client.close();
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}
