/**
 * What the programs share that fetch or build the native parts: a cache that all checkouts share, downloads that are checked,
 * failures in one sentence. They may be interrupted at any moment and run twice at once: whatever is visible in the cache is
 * complete, because it appears there by one rename. Cache: $PSSR_CACHE_DIR, else $XDG_CACHE_HOME/pssr, else ~/.cache/pssr.
 *
 *     await installing({ label: "Servers", without: "Without it …", room: "100 MB" }, async ({ cache, timed }) => { … });
 */
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { pipeline } from "node:stream/promises";

/** A leftover of a killed run is removed once it is this old; a younger one may belong to a run under way. */
const LEFTOVER_MS = 60 * 60 * 1000;

/** A failure a person can act on: printed as one sentence, without a stack. */
export class Refusal extends Error {}

/** Ends every child process when the run is interrupted; the temporary folder is removed on the way out. */
const interrupted = new AbortController();
for (const name of ["SIGINT", "SIGTERM"]) process.once(name, () => interrupted.abort());

/**
 * Runs `install`, and where it fails says so and what works without it.
 * @param about `label` begins each line, `room` is what it needs on the disk
 */
export async function installing({ label, without, room }, install) {
  try {
    await install({ cache: cacheFolder(), timed: (what, work) => timed(label, what, work) });
  } catch (error) {
    if (interrupted.signal.aborted) console.error(`${label}: interrupted; run it again to go on`);
    else if (error instanceof Refusal) console.error(`${label}: ${error.message} ${without}`);
    else console.error(`${label}: ${storageSentence(error, room) ?? error.stack} ${without}`);
    process.exitCode = 1;
  }
}

export function cacheFolder() {
  const base = process.env.XDG_CACHE_HOME || path.join(os.homedir(), ".cache");
  return path.resolve(process.env.PSSR_CACHE_DIR || path.join(base, "pssr"));
}

/** Makes the cache, and removes what killed runs left in it. */
export function openCache(cache) {
  fs.mkdirSync(cache, { recursive: true });
  for (const name of fs.readdirSync(cache).filter((entry) => entry.startsWith("tmp-"))) {
    const folder = path.join(cache, name);
    const found = fs.statSync(folder, { throwIfNoEntry: false });
    if (found && Date.now() - found.mtimeMs > LEFTOVER_MS) fs.rmSync(folder, { recursive: true, force: true });
  }
}

/** A folder in the cache, so that what is made in it can be moved into place. */
export async function inTemporaryFolder(cache, work) {
  const folder = fs.mkdtempSync(path.join(cache, "tmp-"));
  try {
    await work(folder);
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

/** Downloads a wheel from the Python package index into a folder and checks its digest; gives its path. */
export async function downloadWheel(folder, { project, version, sha256, options }) {
  await requireProgram(
    "python3",
    ["-m", "pip", "--version"],
    "Python 3 with pip is missing: install it (Debian: apt-get install python3-pip).",
  );
  const pip = await run("python3", [
    ...["-m", "pip", "download", "--disable-pip-version-check", "--no-cache-dir", "--no-deps", "--quiet"],
    ...["--only-binary=:all:", ...options, "--dest", folder, `${project}==${version}`],
  ]);
  if (pip.code !== 0) {
    const reason = pip.output.split("\n").find((line) => line.startsWith("ERROR")) ?? pip.output.trim().slice(-300);
    throw new Refusal(
      `pip cannot download ${project} ${version} (${reason.slice(0, 300)}); check the network, or name a mirror in PIP_INDEX_URL.`,
    );
  }
  const file = fs.readdirSync(folder).find((name) => name.endsWith(".whl"));
  if (!file) throw new Refusal(`pip downloaded no wheel of ${project} ${version}.`);
  const hash = createHash("sha256");
  await pipeline(fs.createReadStream(path.join(folder, file)), hash, { signal: interrupted.signal });
  const digest = hash.digest("hex");
  if (digest !== sha256) {
    throw new Refusal(
      `${file} has SHA-256 ${digest}, expected ${sha256}; the download is damaged or not the published file.`,
    );
  }
  return path.join(folder, file);
}

/** Unpacks a wheel by a program in Python, whose zipfile knows the format. */
export async function unpackWheel(wheel, program, ...parameters) {
  const unpack = await run("python3", ["-c", program, wheel, ...parameters]);
  if (unpack.code === 0) return;
  throw new Refusal(`cannot unpack ${path.basename(wheel)}: ${unpack.output.trim().split("\n").at(-1)}.`);
}

/** Copies the shared libraries of a wheel whose names match into one folder. Arguments: wheel, target folder, expression. */
const UNPACK_LIBRARIES = `
import os, re, shutil, sys, zipfile
wheel, target, wanted = sys.argv[1:]
os.makedirs(target, exist_ok=True)
with zipfile.ZipFile(wheel) as archive:
    for member in archive.namelist():
        name = os.path.basename(member)
        if re.search(r"[.]so([.]|$)", name) and re.match(wanted, name):
            with archive.open(member) as source, open(os.path.join(target, name), "wb") as sink:
                shutil.copyfileobj(source, sink, 1 << 20)
`;

/**
 * Downloads wheels, one after the other, and copies their shared libraries into `target`; `only`: those whose names begin so.
 * @param wheels `[{ project, version, platform, sha256, only }]`
 */
export async function fetchLibraries(wheels, folder, target) {
  for (const { only = "", ...wheel } of wheels) {
    await withWheel(folder, wheel, (file) => unpackWheel(file, UNPACK_LIBRARIES, target, only));
  }
}

/** Downloads a wheel for this kind of machine, and removes it when it was used. */
export async function withWheel(folder, { platform, ...wheel }, use) {
  const download = fs.mkdtempSync(path.join(folder, "wheel-"));
  const options = ["--python-version", "3.12", "--implementation", "cp", "--platform", platform];
  await use(await downloadWheel(download, { ...wheel, options }));
  fs.rmSync(download, { recursive: true });
}

/** Runs a program to its end. Its output is kept, for the sentence that explains a failure. */
export function run(program, parameters, env = {}) {
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
export async function requireProgram(program, parameters, sentence) {
  try {
    if ((await run(program, parameters)).code === 0) return;
  } catch (error) {
    if (error.code !== "ENOENT") throw error;
  }
  throw new Refusal(sentence);
}

/** Of two runs at once the first to finish wins; the other's result is the same and is dropped. */
export function renameUnlessThere(from, to) {
  try {
    fs.renameSync(from, to);
  } catch (error) {
    if (error.code !== "ENOTEMPTY" && error.code !== "EEXIST") throw error;
  }
}

export function seconds(start) {
  return `${((performance.now() - start) / 1000).toFixed(2)} s`;
}

/** One line a step: what it does at once, how long it took when it is done. */
async function timed(label, what, work) {
  const start = performance.now();
  process.stdout.write(`${label}: ${what} … `);
  try {
    await work();
    process.stdout.write(`${seconds(start)}\n`);
  } catch (error) {
    process.stdout.write("failed\n");
    throw error;
  }
}

function storageSentence(error, room) {
  if (error.code === "ENOSPC")
    return `no room left on the device of ${cacheFolder()}: ${room} are needed; name another folder in PSSR_CACHE_DIR.`;
  if (["EACCES", "EROFS", "ENOTDIR", "EEXIST"].includes(error.code))
    return `cannot write ${error.path}: name a writable folder in PSSR_CACHE_DIR.`;
  return undefined;
}
