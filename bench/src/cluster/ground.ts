/** What the services of a cluster stand on, on this machine: a NATS server, an S3 server, and ports as a service opens them. */
import { join } from "node:path";
import { newS3Keys, type S3Server, startNatsServer, startS3Server } from "@pssr/local-servers";
import { loadConfig, type OpenPorts, openPorts, portSettings } from "@pssr/platform";

export interface Ground {
  /** What a process that uses them is given in its environment. */
  readonly environment: Readonly<Record<string, string>>;
  readonly natsUrl: string;
  readonly s3: S3Server;
  stop(): Promise<void>;
}

export async function startGround(directory: string): Promise<Ground> {
  const keys = newS3Keys();
  const nats = await startNatsServer({ directory: join(directory, "nats") });
  const s3 = await startS3Server({ directory: join(directory, "s3"), keys });
  return {
    environment: {
      PSSR_NATS_URL: nats.url,
      PSSR_S3_ENDPOINT: s3.endpoint,
      PSSR_S3_ACCESS_KEY: keys.accessKey,
      PSSR_S3_SECRET_KEY: keys.secretKey,
    },
    natsUrl: nats.url,
    s3,
    async stop() {
      await Promise.all([nats.stop(), s3.stop()]);
    },
  };
}

/** The ports of a process with this environment. */
export async function portsOf(environment: Readonly<Record<string, string | undefined>>): Promise<OpenPorts> {
  return openPorts(loadConfig(portSettings, { argv: [], env: environment }), { report });
}

/** What goes wrong in the background stands beside the table. */
export function report(error: unknown, doing: string): void {
  process.stderr.write(`${doing}: ${error instanceof Error ? error.message : String(error)}\n`);
}
