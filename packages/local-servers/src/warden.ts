/**
 * Sees to it that no server outlives this process, however it ends, kill -9 included. Servers have process groups of their
 * own, so that Ctrl-C in a terminal reaches us alone and we end them in their order; so nobody else would end them for us.
 * A shell is told the groups that run; when the pipe from us breaks, it kills those.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { Socket } from "node:net";

/** Keeps the last line; a line names all groups. */
const script = 'while read -r line; do groups=$line; done; [ -z "$groups" ] || kill -s KILL -- $groups';

const watched = new Set<number>();
let warden: ChildProcess | undefined;

/** From now on the process group of `pid` ends with this process. */
export function watch(pid: number): void {
  watched.add(pid);
  tell();
}

/** The process has ended; its number may soon be another's. */
export function unwatch(pid: number): void {
  watched.delete(pid);
  tell();
}

function tell(): void {
  warden ??= start();
  if (watched.size > 0) {
    warden.stdin?.write(`${[...watched].map((pid) => `-${pid}`).join(" ")}\n`);
    return;
  }
  warden.stdin?.end("\n");
  warden = undefined;
}

function start(): ChildProcess {
  const child = spawn("/bin/sh", ["-c", script], { detached: true, cwd: "/", stdio: ["pipe", "ignore", "ignore"] });
  child.once("exit", () => {
    if (warden === child) warden = undefined; // somebody killed it: the next change starts another
  });
  child.stdin?.on("error", () => undefined); // likewise
  // It is there for us, not we for it.
  child.unref();
  if (child.stdin instanceof Socket) child.stdin.unref();
  return child;
}
