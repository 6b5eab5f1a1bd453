/** TCP ports on loopback that nobody listens on now. */
import { randomInt } from "node:crypto";
import { createServer } from "node:net";
import { isPssrError } from "@pssr/api";

/**
 * Below those that systems give to outgoing connections: one of these would take the port of a server that is away for a
 * while, or meet itself there.
 */
const [lowest, highest] = [10_000, 32_000];
const tries = 100;
const startsAtMost = 5;

export async function freePort(): Promise<number> {
  for (let i = 0; i < tries; i++) {
    const port = randomInt(lowest, highest);
    if (await isFree(port)) return port;
  }
  throw new Error(`${tries} ports from ${lowest} to ${highest}, chosen at random, are all in use`);
}

/** Starts what chooses free ports for itself; where somebody else was faster to take one, it is started once more. */
export async function onFreePorts<T>(start: () => Promise<T>): Promise<T> {
  for (let starts = 1; ; starts++) {
    try {
      return await start();
    } catch (error) {
      if (starts === startsAtMost || !isPortTaken(error)) throw error;
    }
  }
}

/** As servers in Go and in Node say it, and our own. */
function isPortTaken(error: unknown): boolean {
  return isPssrError(error) && /address already in use|EADDRINUSE/.test(error.message);
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "EADDRINUSE" || error.code === "EACCES") resolve(false);
      else reject(error);
    });
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}
