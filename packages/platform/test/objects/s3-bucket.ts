/** One S3 server for all tests of a file, and a fresh bucket on it for each. */
import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, type TestContext } from "node:test";
import { type S3Server, startS3Server } from "@pssr/local-servers";
import { loadConfig, type S3Config, S3ObjectStore, s3Settings } from "@pssr/platform";
import { Client } from "minio";

let running: Promise<{ server: S3Server; directory: string }> | undefined;

after(async () => {
  if (running === undefined) return;
  const { server, directory } = await running;
  await server.stop();
  await rm(directory, { recursive: true });
});

export async function s3Server(): Promise<S3Server> {
  running ??= (async () => {
    const directory = await mkdtemp(join(tmpdir(), "pssr-s3-"));
    return { directory, server: await startS3Server({ directory }) };
  })();
  return (await running).server;
}

/** What a service would be configured with for a bucket of its own; `env` adds to it. */
export async function s3Config(env: Readonly<Record<string, string>> = {}): Promise<S3Config> {
  const { endpoint, accessKey, secretKey } = await s3Server();
  return loadConfig(s3Settings, {
    argv: [],
    env: {
      PSSR_S3_ENDPOINT: endpoint,
      PSSR_S3_ACCESS_KEY: accessKey,
      PSSR_S3_SECRET_KEY: secretKey,
      PSSR_S3_BUCKET: `test-${randomUUID()}`,
      ...env,
    },
  });
}

/** A store that is closed with the test. */
export async function openS3Store(context: TestContext, config: S3Config): Promise<S3ObjectStore> {
  const store = await S3ObjectStore.open(config);
  context.after(() => store.close());
  return store;
}

/** Sees the server as it is, without anything of ours in between. */
export async function plainClient(): Promise<Client> {
  const { endpoint, accessKey, secretKey } = await s3Server();
  const { hostname, port } = new URL(endpoint);
  return new Client({
    endPoint: hostname,
    port: Number(port),
    useSSL: false,
    accessKey,
    secretKey,
    region: "us-east-1",
  });
}
