/**
 * Gives tfjs-node a current TensorFlow: fetches the library from its Python wheel into the cache that all checkouts share,
 * compiles tfjs-node's own binding against it, and puts both where tfjs-node looks for them.
 *
 *     node services/train/native/install.mjs                      # --variant cuda: with what it needs on NVIDIA's GPUs
 */
import fs from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { parseArgs } from "node:util";
import {
  fetchLibraries,
  installing,
  inTemporaryFolder,
  openCache,
  Refusal,
  renameUnlessThere,
  requireProgram,
  run,
  seconds,
  unpackWheel,
  withWheel,
} from "../../../scripts/installing.mjs";
import { VERSION, wheelsOf } from "./wheels.mjs";

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
const began = performance.now();
const { variant } = parseArgs({ options: { variant: { type: "string", default: "cpu" } } }).values;
const about = {
  label: "TensorFlow",
  without: "Without it everything works but training.",
  room: variant === "cpu" ? "1.2 GB" : "10 GB",
};
await installing(about, async ({ cache, timed }) => {
  const wheels = wheelsOf(variant);
  if (!wheels) {
    const needed = variant === "cpu" ? "Linux on x86-64 or arm64" : "Linux on x86-64, in the variant cpu or cuda";
    throw new Refusal(`training needs ${needed}; this is ${variant} for ${process.platform} on ${process.arch}.`);
  }
  const packageFolder = packagePath("@tensorflow/tfjs-node");
  const { version: bindingVersion } = JSON.parse(fs.readFileSync(path.join(packageFolder, "package.json"), "utf8"));
  const library = path.join(cache, `tensorflow-${VERSION}${variant === "cpu" ? "" : `-${variant}`}-${process.arch}`);
  const binding = path.join(cache, `tfjs-node-${bindingVersion}-tensorflow-${VERSION}-${process.arch}.node`);
  if (isPlaced(packageFolder, library, binding)) {
    console.log(`TensorFlow: already installed (${seconds(began)})`);
    return;
  }

  openCache(cache);
  if (!fs.existsSync(library))
    await timed(`fetching the library ${VERSION} (${total(wheels)} MB)`, () => fetchLibrary(wheels, library));
  if (!fs.existsSync(binding))
    await timed("compiling tfjs-node's binding", () => compile(packageFolder, library, binding));
  await timed(`placing both in ${path.relative(process.cwd(), packageFolder)}`, () =>
    place(packageFolder, library, binding),
  );
});

function total(wheels) {
  return wheels.reduce((sum, { megabytes }) => sum + megabytes, 0);
}

/** Downloads the wheels, checks their digests and unpacks libraries and headers; `target` appears whole or not at all. */
async function fetchLibrary(wheels, target) {
  await inTemporaryFolder(path.dirname(target), async (folder) => {
    const unpacked = path.join(folder, "unpacked");
    const lib = path.join(unpacked, "lib");
    const [tensorflow, ...others] = wheels;
    await withWheel(folder, tensorflow, (file) => unpackWheel(file, UNPACK, unpacked, ...LIBRARIES, "--", ...HEADERS));
    await fetchLibraries(others, folder, lib);
    fs.symlinkSync("libtensorflow_cc.so.2", path.join(lib, "libtensorflow.so"));
    fs.symlinkSync("libtensorflow_framework.so.2", path.join(lib, "libtensorflow_framework.so"));
    // For the bill of materials of an image that holds it.
    fs.writeFileSync(path.join(unpacked, "wheels.json"), JSON.stringify(wheels));
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
