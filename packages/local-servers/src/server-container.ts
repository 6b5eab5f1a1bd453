/**
 * A server in a container of this machine's Docker engine, on the host's network and with the same folders, so that it is
 * given the arguments of the binary and found at the same address. Its container is removed whenever it ends.
 */
import { PssrError } from "@pssr/api";
import type { ContainerRuntimeClient } from "testcontainers";
import { becomesReady } from "./becomes-ready.js";
import type { LocalServer } from "./local-server.js";

type Container = ReturnType<ContainerRuntimeClient["container"]["getById"]>;

export interface ServerContainerOptions {
  /** Its entry point is the server. */
  image: string;
  args: readonly string[];
  env?: Readonly<Record<string, string>>;
  /** Under the same path inside. */
  folders: readonly string[];
  /** Resolves once the server takes requests; asked again until it does. */
  isReady(): Promise<boolean>;
}

const stopSeconds = 10;
const shownLogLines = 20;

export class ServerContainer implements LocalServer {
  #container: Container | undefined;
  #pid: number | undefined;
  #isOver = true;
  #ended: Promise<void> = Promise.resolve();

  constructor(private readonly options: ServerContainerOptions) {}

  async start(): Promise<void> {
    const { image, args, env, folders, isReady } = this.options;
    // Only here: it takes a second to load, and most machines run the binaries.
    const { GenericContainer, getContainerRuntimeClient } = await import("testcontainers");
    const starting = new GenericContainer(image)
      .withNetworkMode("host")
      .withCommand([...args])
      .withEnvironment({ ...env })
      .withBindMounts([...new Set(folders)].map((folder) => ({ source: folder, target: folder })))
      .withUser(`${process.getuid?.()}:${process.getgid?.()}`)
      .start();
    const started = await starting.catch((cause: Error) => {
      const message = `no container of ${image} can be run (${cause.message}); PSSR_TEST_SERVERS=binaries does without`;
      throw new PssrError("UNAVAILABLE", message, { cause });
    });
    const container = (await getContainerRuntimeClient()).container.getById(started.getId());
    this.#container = container;
    this.#pid = (await container.inspect()).State.Pid;
    this.#isOver = false;
    this.#ended = container.wait().then(() => {
      this.#isOver = true;
    });
    if (await becomesReady(isReady, () => this.#isOver)) return;
    const log = await container.logs({ stdout: true, stderr: true, tail: shownLogLines });
    await this.kill();
    throw new PssrError("UNAVAILABLE", `a container of ${image} did not start: ${plainText(log)}`);
  }

  get pid(): number | undefined {
    return this.#pid;
  }

  ended(): Promise<void> {
    return this.#ended;
  }

  async stop(): Promise<void> {
    await this.thaw(); // a frozen one would never hear it
    if (!this.#isOver) await this.#container?.stop({ t: stopSeconds });
    await this.kill();
  }

  async kill(): Promise<void> {
    const container = this.#container;
    this.#container = undefined;
    await container?.remove({ force: true });
    await this.#ended;
  }

  async freeze(): Promise<void> {
    if (!this.#isOver) await this.#container?.kill({ signal: "SIGSTOP" });
  }

  async thaw(): Promise<void> {
    if (!this.#isOver) await this.#container?.kill({ signal: "SIGCONT" });
  }
}

/** An engine's log is frames of a header of eight bytes, the length in the last four, and text. */
function plainText(log: Buffer): string {
  const lines: string[] = [];
  for (let at = 0; at + 8 <= log.length; ) {
    const end = at + 8 + log.readUInt32BE(at + 4);
    lines.push(log.toString("utf8", at + 8, end));
    at = end;
  }
  return lines.join("");
}
