import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync, symlinkSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";

const script = fileURLToPath(new URL("../../native/install.mjs", import.meta.url));

interface Outcome {
  code: number;
  stdout: string;
  stderr: string;
}

function install(environment: Record<string, string>): Promise<Outcome> {
  return new Promise((resolve) => {
    execFile(process.execPath, [script], { env: { ...process.env, ...environment } }, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr }),
    );
  });
}

function emptyFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "pssr-install-"));
  t.after(() => rmSync(folder, { recursive: true }));
  return folder;
}

test("a run after the first finds everything in place", async () => {
  const { code, stdout } = await install({});
  assert.equal(code, 0);
  assert.match(stdout, /^TensorFlow: already installed \(\d\.\d\d s\)\n$/);
});

test("without Python it says what to install and what works without, and leaves nothing behind", async (t) => {
  const folder = emptyFolder(t);
  const { code, stderr } = await install({ PATH: "", PSSR_CACHE_DIR: folder });
  assert.equal(code, 1);
  assert.match(
    stderr,
    /^TensorFlow: Python 3 with pip is missing: install .*Without it everything works but training\.\n$/,
  );
  assert.deepEqual(readdirSync(folder), []);
});

test("without a compiler it says so, and keeps the library for the next run", async (t) => {
  const folder = emptyFolder(t);
  const tfjs = createRequire(import.meta.url).resolve("@tensorflow/tfjs-node/package.json");
  const library = dirname(realpathSync(join(dirname(tfjs), "deps", "lib")));
  const name = `tensorflow-2.21.0-${process.arch}`;
  symlinkSync(library, join(folder, name));
  const { code, stderr } = await install({ PATH: "", PSSR_CACHE_DIR: folder });
  assert.equal(code, 1);
  assert.match(stderr, /^TensorFlow: g\+\+ is missing: install .*Without it everything works but training\.\n$/);
  assert.deepEqual(readdirSync(folder), [name]);
});

test("a cache that cannot be written is named, with the setting that moves it", async (t) => {
  const folder = emptyFolder(t);
  const file = join(folder, "not-a-folder", "below");
  mkdirSync(dirname(file));
  symlinkSync("/proc/version", file);
  const { code, stderr } = await install({ PSSR_CACHE_DIR: join(file, "pssr") });
  assert.equal(code, 1);
  assert.match(stderr, /^TensorFlow: cannot write .*PSSR_CACHE_DIR.*training\.\n$/);
});
