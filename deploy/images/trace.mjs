/**
 * Finds the files that a service needs at run time: what its entry point imports, what those start as threads and processes,
 * and the native libraries of this platform that packages choose while they run.
 *
 *     await trace("/src", "train")      // { files: ["node_modules/…", "packages/api/dist/index.js", …], packages: [{ name, version, license }, …] }
 */
import fs from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { nodeFileTrace } from "@vercel/nft";

/** Folders that packages choose from while they run, so that no reader of their code can see it: those of this platform. */
const chosenAtRunTime = {
  "fs-native-extensions": `prebuilds/${process.platform}-${process.arch}`,
  "onnxruntime-node": `bin/napi-v6/${process.platform}/${process.arch}`,
};
/** ONNX Runtime for all platforms; and TensorFlow's library, which becomes a layer of its own. */
const ignored = /^node_modules\/(onnxruntime-node\/bin|@tensorflow\/tfjs-node\/(deps|lib|build))\//;

const ours = /^(packages|services)\/[^/]+\//;
const packageFile = /^(?:(?:packages|services)|.*node_modules|.*node_modules\/@[^/]+)\/[^/@]+\/package\.json$/;
const licenceFile = /^(licen[cs]e|copying|notice|third-?party-?(notices|licenses))([-.].*)?$/i;

/** Files are relative to `root`, sorted; links are named beside what they lead to. */
export async function trace(root, service) {
  const entries = new Set([`services/${service}/dist/main.js`]);
  for (let size = 0; size !== entries.size; ) {
    size = entries.size;
    const { fileList, reasons } = await nodeFileTrace([...entries], {
      base: root,
      processCwd: root,
      ignore: (file) => ignored.test(file),
    });
    for (const file of found(root, reasons)) entries.add(file);
    if (size === entries.size) return complete(root, new Set(fileList));
  }
}

/** Entry points that the tracer names or passes over: threads, child processes, and what `createRequire` fetches. */
function* found(root, reasons) {
  for (const [file, { type }] of reasons) {
    if (!ours.test(file) || !file.endsWith(".js")) continue;
    if (type.includes("asset")) yield file;
    const absolute = path.join(root, file);
    const calls = fs
      .readFileSync(absolute, "utf8")
      .matchAll(/createRequire\(import\.meta\.url\)(\.resolve)?\("([^"]+)"\)/g);
    for (const [, , specifier] of calls) {
      yield path.relative(root, createRequire(absolute).resolve(specifier));
    }
  }
}

/** Adds what belongs to the files: native libraries, licences, and the source maps of our own. */
function complete(root, files) {
  const folders = new Set();
  for (const file of files) {
    if (packageFile.test(file)) folders.add(path.dirname(file));
    const map = `${file}.map`;
    if (ours.test(file) && file.endsWith(".js") && fs.existsSync(path.join(root, map))) files.add(map);
  }
  const packages = [];
  for (const folder of folders) {
    const { name, version, license } = manifest(root, `${folder}/package.json`);
    packages.push({ name, version, license: spdx(license), own: ours.test(`${folder}/`) });
    for (const file of chosenAtRunTime[name] ? list(root, path.join(folder, chosenAtRunTime[name])) : [])
      files.add(file);
    for (const entry of fs.readdirSync(path.join(root, folder), { withFileTypes: true })) {
      if (entry.isFile() && licenceFile.test(entry.name)) files.add(path.join(folder, entry.name));
    }
  }
  return { files: [...files].sort(), packages: unique(packages) };
}

function list(root, folder) {
  return fs.readdirSync(path.join(root, folder)).map((name) => path.join(folder, name));
}

function manifest(root, file) {
  return JSON.parse(fs.readFileSync(path.join(root, file), "utf8"));
}

/** Older packages say it as an object. */
function spdx(license) {
  return typeof license === "object" ? license.type : license;
}

/** By name and version, sorted: one package may lie in several places. */
function unique(packages) {
  const byId = new Map(packages.map((each) => [`${each.name}@${each.version}`, each]));
  return [...byId.keys()].sort().map((id) => byId.get(id));
}
