/**
 * Gives tfjs-node a current TensorFlow: fetches the library from its Python wheel into a cache that all checkouts share,
 * compiles tfjs-node's own binding against it, and puts both where tfjs-node looks for them.
 *
 *     node services/train/native/install.mjs
 *
 * It may be interrupted at any moment and run twice at once: whatever is visible in the cache is complete, because it
 * appears there by one rename. Cache: $PSSR_CACHE_DIR, else $XDG_CACHE_HOME/pssr, else ~/.cache/pssr.
 */
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import fs from "node:fs";
import { createRequire } from "node:module";
import os from "node:os";
import path from "node:path";
import { pipeline } from "node:stream/promises";

const VERSION = "2.21.0";
/** The wheel of each processor: its name on the index, its platform tag, its digest (of the files published there). */
const WHEELS = {
  x64: {
    project: "tensorflow-cpu",
    platform: "manylinux_2_27_x86_64",
    megabytes: 274,
    sha256: "dcc8afd32930e42d5296b6ee19078b773706830af4ea97fbe503b9f5e0f820cb",
  },
  arm64: {
    project: "tensorflow",
    platform: "manylinux_2_27_aarch64",
    megabytes: 282,
    sha256: "b07d15737406533898e36c7ef7944b1be18e9028dc521b9229952c537bbc5552",
  },
};
const LIBRARIES = ["libtensorflow_cc.so.2", "libtensorflow_framework.so.2"];
/** The wheel has 13,000 headers; these folders hold the fourteen that the binding includes. */
const HEADERS = ["tensorflow/c/", "tensorflow/core/platform/ctstring", "tsl/platform/ctstring", "xla/tsl/c/"];
/** Unpacks a wheel in Python, whose zipfile knows its format. Arguments: wheel, target folder, library names, "--", prefixes of headers. */
const UNPACK = `
import os, shutil, sys, zipfile
wheel, target, *names = sys.argv[1:]
libraries, headers = names[:names.index("--")], names[names.index("--") + 1:]
def write(archive, member, path):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with archive.open(member) as source, open(path, "wb") as sink:
        shutil.copyfileobj(source, sink, 1 << 20)
with zipfile.ZipFile(wheel) as archive:
    for name in libraries:
        write(archive, "tensorflow/" + name, os.path.join(target, "lib", name))
    for member in archive.namelist():
        header = member[len("tensorflow/include/"):]
        if member.startswith("tensorflow/include/") and header.endswith(".h") and header.startswith(tuple(headers)):
            write(archive, member, os.path.join(target, "include", header))
`;
/** A leftover of a killed run is removed once it is this old; a younger one may belong to a run under way. */
const LEFTOVER_MS = 60 * 60 * 1000;

/** A failure a person can act on: printed as one sentence, without a stack. */
class Refusal extends Error {}
const WITHOUT = "Without it everything works but training.";

const began = performance.now();
/** Ends every child process when the run is interrupted; the temporary folder is removed on the way out. */
const interrupted = new AbortController();
for (const name of ["SIGINT", "SIGTERM"]) process.once(name, () => interrupted.abort());

try {
  await install();
} catch (error) {
  if (interrupted.signal.aborted) console.error("TensorFlow: interrupted; run it again to go on");
  else if (error instanceof Refusal) console.error(`TensorFlow: ${error.message} ${WITHOUT}`);
  else console.error(`TensorFlow: ${storageSentence(error) ?? error.stack} ${WITHOUT}`);
  process.exitCode = 1;
}

async function install() {
  const wheel = process.platform === "linux" ? WHEELS[process.arch] : undefined;
  if (!wheel) {
    throw new Refusal(`training needs Linux on x86-64 or arm64; this is ${process.platform} on ${process.arch}.`);
  }
  const packageFolder = packagePath("@tensorflow/tfjs-node");
  const { version: bindingVersion } = JSON.parse(fs.readFileSync(path.join(packageFolder, "package.json"), "utf8"));
  const cache = cacheFolder();
  const library = path.join(cache, `tensorflow-${VERSION}-${process.arch}`);
  const binding = path.join(cache, `tfjs-node-${bindingVersion}-tensorflow-${VERSION}-${process.arch}.node`);
  if (isPlaced(packageFolder, library, binding)) {
    console.log(`TensorFlow: already installed (${seconds(began)})`);
    return;
  }

  fs.mkdirSync(cache, { recursive: true });
  removeLeftovers(cache);
  if (!fs.existsSync(library))
    await timed(`fetching the library ${VERSION} (${wheel.megabytes} MB)`, () => fetchLibrary(wheel, library));
  if (!fs.existsSync(binding))
    await timed("compiling tfjs-node's binding", () => compile(packageFolder, library, binding));
  await timed(`placing both in ${path.relative(process.cwd(), packageFolder)}`, () =>
    place(packageFolder, library, binding),
  );
}

function cacheFolder() {
  const base = process.env.XDG_CACHE_HOME || path.join(os.homedir(), ".cache");
  return path.resolve(process.env.PSSR_CACHE_DIR || path.join(base, "pssr"));
}

/** Downloads the wheel, checks its digest and unpacks libraries and headers; `target` appears whole or not at all. */
async function fetchLibrary(wheel, target) {
  await requireProgram(
    "python3",
    ["--version"],
    "python3 is missing: install Python 3 (Debian: apt-get install python3).",
  );
  await requireProgram(
    "python3",
    ["-m", "pip", "--version"],
    "pip is missing: install it (Debian: apt-get install python3-pip).",
  );
  await inTemporaryFolder(path.dirname(target), async (folder) => {
    const pip = await run("python3", [
      ...["-m", "pip", "download", "--disable-pip-version-check", "--no-cache-dir", "--no-deps", "--quiet"],
      ...["--only-binary=:all:", "--python-version", "3.12", "--implementation", "cp", "--platform", wheel.platform],
      ...["--dest", folder, `${wheel.project}==${VERSION}`],
    ]);
    if (pip.code !== 0) {
      const reason =
        pip.output.split("\n").filter((line) => line.startsWith("ERROR"))[0] ?? pip.output.trim().slice(-300);
      throw new Refusal(
        `pip cannot download ${wheel.project} ${VERSION} (${reason.slice(0, 300)}); check the network, or name a mirror in PIP_INDEX_URL.`,
      );
    }
    const file = fs.readdirSync(folder).find((name) => name.endsWith(".whl"));
    if (!file) throw new Refusal(`pip downloaded no wheel of ${wheel.project} ${VERSION}.`);
    const digest = await sha256(path.join(folder, file));
    if (digest !== wheel.sha256) {
      throw new Refusal(
        `${file} has SHA-256 ${digest}, expected ${wheel.sha256}; the download is damaged or not the published file.`,
      );
    }
    const unpacked = path.join(folder, "unpacked");
    const unzip = await run("python3", [
      "-c",
      UNPACK,
      path.join(folder, file),
      unpacked,
      ...LIBRARIES,
      "--",
      ...HEADERS,
    ]);
    if (unzip.code !== 0) throw new Refusal(`cannot unpack ${file}: ${unzip.output.trim().split("\n").at(-1)}.`);
    const lib = path.join(unpacked, "lib");
    fs.symlinkSync("libtensorflow_cc.so.2", path.join(lib, "libtensorflow.so"));
    fs.symlinkSync("libtensorflow_framework.so.2", path.join(lib, "libtensorflow_framework.so"));
    renameUnlessThere(unpacked, target);
  });
}

/** Compiles the binding that ships with tfjs-node. It needs Node-API's headers only, so one build serves every Node. */
async function compile(packageFolder, library, target) {
  await requireProgram("g++", ["--version"], "g++ is missing: install a C++17 compiler (Debian: apt-get install g++).");
  const sources = path.join(packageFolder, "binding");
  await inTemporaryFolder(path.dirname(target), async (folder) => {
    const output = path.join(folder, "tfjs_binding.node");
    const compiler = await run("g++", [
      ...["-O2", "-std=c++17", "-shared", "-fPIC", "-DNAPI_VERSION=8"],
      ...["-I", path.join(packagePath("node-api-headers"), "include"), "-I", path.join(library, "include")],
      ...["-I", packageFolder],
      ...fs
        .readdirSync(sources)
        .filter((name) => name.endsWith(".cc"))
        .map((name) => path.join(sources, name)),
      ...["-L", path.join(library, "lib"), "-ltensorflow", "-ltensorflow_framework"],
      ...["-Wl,-rpath,$ORIGIN/../../deps/lib", "-o", output],
    ]);
    if (compiler.code !== 0) {
      const reason =
        compiler.output.split("\n").find((line) => line.includes("error")) ?? compiler.output.trim().slice(-300);
      throw new Refusal(`g++ cannot compile tfjs-node's binding (${reason.trim()}).`);
    }
    fs.renameSync(output, target);
  });
}

function placedLib(packageFolder) {
  return path.join(packageFolder, "deps", "lib");
}

function placedBinding(packageFolder) {
  return path.join(packageFolder, "lib", "napi-v8", "tfjs_binding.node");
}

function isPlaced(packageFolder, library, binding) {
  try {
    const points = fs.realpathSync(placedLib(packageFolder)) === fs.realpathSync(path.join(library, "lib"));
    return points && fs.readFileSync(placedBinding(packageFolder)).equals(fs.readFileSync(binding));
  } catch (error) {
    if (error.code === "ENOENT") return false;
    throw error;
  }
}

/** Links the library and copies the binding (its path to the library is relative to where it lies) into tfjs-node. */
function place(packageFolder, library, binding) {
  const link = placedLib(packageFolder);
  const file = placedBinding(packageFolder);
  const fresh = `${process.pid}.new`;
  fs.mkdirSync(path.dirname(link), { recursive: true });
  fs.mkdirSync(path.dirname(file), { recursive: true });
  if (fs.lstatSync(link, { throwIfNoEntry: false })?.isDirectory()) fs.rmSync(link, { recursive: true });
  fs.symlinkSync(path.join(library, "lib"), `${link}.${fresh}`);
  fs.renameSync(`${link}.${fresh}`, link);
  fs.copyFileSync(binding, `${file}.${fresh}`);
  fs.renameSync(`${file}.${fresh}`, file);
}

/** The folder of an installed package, hoisted to the workspace's root or not. */
function packagePath(name) {
  const folders = createRequire(import.meta.url).resolve.paths(name) ?? [];
  const found = folders
    .map((folder) => path.join(folder, name))
    .find((folder) => fs.existsSync(path.join(folder, "package.json")));
  if (!found) throw new Refusal(`the npm package ${name} is not installed: run npm ci first.`);
  return found;
}

async function inTemporaryFolder(parent, work) {
  const folder = fs.mkdtempSync(path.join(parent, "tmp-"));
  try {
    await work(folder);
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

/** Of two runs at once the first to finish wins; the other's result is the same and is dropped. */
function renameUnlessThere(from, to) {
  try {
    fs.renameSync(from, to);
  } catch (error) {
    if (error.code !== "ENOTEMPTY" && error.code !== "EEXIST") throw error;
  }
}

function removeLeftovers(cache) {
  for (const name of fs.readdirSync(cache).filter((entry) => entry.startsWith("tmp-"))) {
    const folder = path.join(cache, name);
    const found = fs.statSync(folder, { throwIfNoEntry: false });
    if (found && Date.now() - found.mtimeMs > LEFTOVER_MS) fs.rmSync(folder, { recursive: true, force: true });
  }
}

async function sha256(file) {
  const hash = createHash("sha256");
  await pipeline(fs.createReadStream(file), hash, { signal: interrupted.signal });
  return hash.digest("hex");
}

/** Runs a program to its end. Its output is kept, for the sentence that explains a failure. */
function run(program, parameters) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, parameters, { stdio: ["ignore", "pipe", "pipe"], signal: interrupted.signal });
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
    return `no room left on the device of ${cacheFolder()}: 1.2 GB are needed; name another folder in PSSR_CACHE_DIR.`;
  if (["EACCES", "EROFS", "ENOTDIR", "EEXIST"].includes(error.code))
    return `cannot write ${error.path}: name a writable folder in PSSR_CACHE_DIR.`;
  return undefined;
}

/** One line a step: what it does at once, how long it took when it is done. */
async function timed(what, work) {
  const start = performance.now();
  process.stdout.write(`TensorFlow: ${what} … `);
  try {
    await work();
    process.stdout.write(`${seconds(start)}\n`);
  } catch (error) {
    process.stdout.write("failed\n");
    throw error;
  }
}

function seconds(start) {
  return `${((performance.now() - start) / 1000).toFixed(2)} s`;
}
