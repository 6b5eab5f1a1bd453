import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer } from "node:net";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { isPssrError } from "@pssr/api";
import { ServerProcess } from "@pssr/local-servers";
import { stopInTurn } from "../dist/stop-in-turn.js";

const goneMs = 20_000;
const server = (script: string, ready = /ready on (\S+)/) =>
  new ServerProcess({ command: process.execPath, args: ["-e", script], ready });
const staysUp = "setInterval(() => {}, 1000); console.log('ready on here');";

test("a server is ready when it says so, and not because somebody else listens where it should", async (context) => {
  const other = createServer().listen(0, "127.0.0.1");
  await once(other, "listening");
  context.after(() => other.close());
  const { port } = other.address() as { port: number };
  const listens = `require("net").createServer().listen(${port}, "127.0.0.1", () => console.log("ready on it"))`;
  await assert.rejects(server(listens).start(), (error) => {
    assert.ok(isPssrError(error, "UNAVAILABLE"));
    assert.match(error.message, /EADDRINUSE/);
    return true;
  });
  const well = server(staysUp);
  await well.start();
  assert.equal(well.announced?.[1], "here");
  await well.stop();
});

test("a start is given up by its signal, and leaves nothing running", async () => {
  const silent = server("setInterval(() => {}, 1000)");
  const stop = new AbortController();
  const starting = silent.start({ signal: stop.signal });
  stop.abort(new Error("not any more"));
  await assert.rejects(starting, /not any more/);
  assert.deepEqual(await untilGone(silent.pid!), []);
});

test("a server and what it started end with the process that started it, however that ends", async () => {
  const grandchild = `require("child_process").spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"]).pid`;
  const script = `
    import { ServerProcess } from ${JSON.stringify(import.meta.resolve("@pssr/local-servers"))};
    const args = ["-e", 'console.log("ready on " + process.pid + "," + ' + ${JSON.stringify(grandchild)} + '); setInterval(() => {}, 1000)'];
    const one = new ServerProcess({ command: process.execPath, args, ready: /ready on (\\S+)\\n/ });
    await one.start();
    console.log(one.announced[1]);
  `;
  const parent = spawn(process.execPath, ["--input-type=module", "-e", script], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [said] = (await once(parent.stdout, "data")) as [Buffer];
  const pids = said.toString().trim().split(",").map(Number);
  assert.equal(pids.length, 2);
  for (const pid of pids) process.kill(pid, 0); // they are there
  parent.kill("SIGKILL");
  for (const pid of pids) assert.deepEqual(await untilGone(pid), []);
});

test("where one cannot be stopped the others are, and it is told", async () => {
  const [first, last] = [server(staysUp), server(staysUp)];
  await first.start();
  await last.start();
  const stuck = { stop: () => Promise.reject(new Error("its engine is gone")) };
  await assert.rejects(stopInTurn([[first], [stuck], [last]]), /its engine is gone/);
  for (const { pid } of [first, last]) assert.deepEqual(await untilGone(pid!), []);
  await assert.rejects(stopInTurn([[stuck, stuck]]), /2 processes/);
});

/** Waits until no such process runs; gives it where it still does after the time. */
async function untilGone(pid: number): Promise<number[]> {
  const giveUpAt = performance.now() + goneMs;
  while (performance.now() < giveUpAt) {
    const stat = await readFile(`/proc/${pid}/stat`, "latin1").catch(() => ""); // there is none any more
    if (!/\) [^ZX]/.test(stat)) return []; // one that has ended and that nobody has asked about yet does not run
    await sleep(20);
  }
  return [pid];
}
