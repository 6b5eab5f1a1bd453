import assert from "node:assert/strict";
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import { decodeFile, restrictions } from "../../dist/images/decode-file.js";
import { reason } from "../reason.js";

const script = fileURLToPath(new URL("../../dist/images/decode-process.js", import.meta.url));
const limits = { memoryBytes: 2 ** 30, timeMs: 60_000, pixels: 2 ** 20 };

async function folderOf(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "pssr-decode-test-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** A file that never ends, for a decoder without a service that would stop it. */
async function decodeForEver(t: TestContext, timeMs: number): Promise<ChildProcess> {
  const folder = await folderOf(t);
  const file = join(folder, "pipe");
  execFileSync("mkfifo", [file]);
  const task = { file, filename: "pipe", directory: join(folder, "zarr"), known: {}, limits: { ...limits, timeMs } };
  const child = spawn(process.execPath, [script, JSON.stringify(task)], { stdio: ["ignore", "pipe", "pipe", "ipc"] });
  t.after(() => child.kill("SIGKILL"));
  return child;
}

test("a decoder ends with the service that started it", async (t) => {
  const child = await decodeForEver(t, 60_000);
  await once(child, "spawn");
  child.disconnect();
  assert.deepEqual(await once(child, "exit"), [null, "SIGKILL"]);
});

test("a decoder keeps to its time when nobody watches it", async (t) => {
  const child = await decodeForEver(t, 300);
  assert.deepEqual(await once(child, "exit"), [null, "SIGKILL"]);
});

test("a decoder may read its file and its code, nothing else", async (t) => {
  const folder = await folderOf(t);
  const [file, secret] = [join(folder, "upload"), join(folder, "secret")];
  await Promise.all([writeFile(file, "no image"), writeFile(secret, "no image either")]);
  const task = { file, filename: "a.png", directory: join(folder, "zarr"), known: {}, limits };
  await assert.rejects(decodeFile(task, {}), reason("NOT_AN_IMAGE"));
  const permissions = restrictions(task);
  const asks = `process.exit([${JSON.stringify(secret)}, "/etc/passwd", "/proc/self/environ"].some((path) => process.permission.has("fs.read", path)) ? 1 : 0)`;
  const child = spawn(process.execPath, [...permissions, "-e", asks], { stdio: "ignore" });
  assert.deepEqual(await once(child, "exit"), [0, null]);
});
