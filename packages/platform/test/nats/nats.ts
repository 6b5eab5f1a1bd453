/** One real NATS server for the tests of a file, and a connection with a name of its own for each test. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, type TestContext } from "node:test";
import { type NatsServer, startNatsServer } from "@pssr/local-servers";
import { loadConfig, type NatsConfig, NatsConnection, natsSettings } from "@pssr/platform";

export interface NatsOfTests {
  readonly server: NatsServer;
  /** What a service would be configured with. */
  config(options?: ConnectOptions): NatsConfig & { natsUrl: readonly string[] };
  /** A connection to names that no other test uses; closed when the test ends. What it reports fails the test, unless `report` takes it. */
  connect(context: TestContext, options?: ConnectOptions): Promise<NatsConnection>;
}

export interface ConnectOptions {
  /** Default: one of its own. Give one to share streams between connections. */
  name?: string;
  settings?: Readonly<Record<string, string>>;
}

let names = 0;

export function freshName(): string {
  names += 1;
  return `test${process.pid}-${names}`;
}

/** To be called once at the top of a test file. */
export function natsOfTests(): NatsOfTests {
  let directory = "";
  let server: NatsServer | undefined;
  before(async () => {
    directory = await mkdtemp(join(tmpdir(), "pssr-nats-"));
    server = await startNatsServer({ directory });
  });
  after(async () => {
    await server?.stop();
    await rm(directory, { recursive: true, force: true });
  });
  const running = (): NatsServer => {
    if (server === undefined) throw new Error("the server has not started yet");
    return server;
  };
  const config: NatsOfTests["config"] = ({ name = freshName(), settings = {} } = {}) => {
    const env = { PSSR_NATS_URL: running().url, PSSR_NATS_NAME: name, ...settings };
    const { natsUrl = [], ...others } = loadConfig(natsSettings, { argv: [], env });
    return { ...others, natsUrl };
  };
  return {
    get server() {
      return running();
    },
    config,
    async connect(context, options) {
      const nats = await NatsConnection.open(config(options), { report });
      context.after(() => nats.close());
      return nats;
    },
  };
}

/** What a background task of a store reports: expected where a test breaks the connection, to be seen everywhere else. */
export function report(error: unknown, doing: string): void {
  process.stderr.write(`${doing}: ${error instanceof Error ? error.message : String(error)}\n`);
}
