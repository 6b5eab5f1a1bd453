/**
 * A line between a client and a server that tests can cut: a TCP forwarder on loopback.
 *
 *     const line = await SeverableLine.to(server.url);
 *     line.cut();      // connections break, new ones are refused
 *     line.mend();
 */
import { connect, createServer, type Server, type Socket } from "node:net";

export class SeverableLine {
  readonly #sockets = new Set<Socket>();
  #cut = false;
  #silent = false;

  private constructor(
    private readonly server: Server,
    /** The address to use in place of the server's, in the same form. */
    readonly url: string,
  ) {}

  static async to(target: string): Promise<SeverableLine> {
    const { hostname, port } = new URL(target);
    const server = createServer({ pauseOnConnect: true });
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(0, "127.0.0.1", resolve);
    });
    const address = server.address();
    if (typeof address !== "object" || address === null) throw new Error("a listening socket has no port");
    const url = new URL(target);
    url.hostname = "127.0.0.1";
    url.port = `${address.port}`;
    const line = new SeverableLine(server, url.href.replace(/\/$/, ""));
    server.on("connection", (near) => line.#join(near, connect(Number(port), hostname)));
    return line;
  }

  /** Breaks all connections and refuses new ones. */
  cut(): void {
    this.#cut = true;
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  /** Nothing passes any more, and nobody is told: a cable pulled somewhere on the way. */
  silence(): void {
    this.#silent = true;
    for (const socket of this.#sockets) socket.pause();
  }

  mend(): void {
    this.#cut = false;
    this.#silent = false;
    for (const socket of this.#sockets) socket.resume();
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise<void>((resolve) => this.server.close(() => resolve()));
  }

  #join(near: Socket, far: Socket): void {
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      this.#sockets.add(one);
      one.on("data", (chunk) => {
        if (!other.write(chunk)) one.pause();
      });
      one.on("drain", () => {
        if (!this.#silent) other.resume();
      });
      one.on("error", () => other.destroy()); // what broke it is the test's doing
      one.on("close", () => {
        this.#sockets.delete(one);
        other.destroy();
      });
    }
    if (this.#cut) near.resetAndDestroy();
    else if (!this.#silent) near.resume();
  }
}
