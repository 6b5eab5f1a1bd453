/**
 * Lays out what one image adds to its base: the files that its service needs, under /app, and the image's bill of materials.
 * Owners, modes and times do not depend on where or when it runs. Runs in the image's build stage, in a compiled checkout:
 *
 *     node deploy/images/collect.mjs train --image train-cuda --target /image --base /base [--wheels wheels.json]
 */
import fs from "node:fs";
import path from "node:path";
import { parseArgs } from "node:util";
import { billOfMaterials } from "./sbom.mjs";
import { trace } from "./trace.mjs";

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    image: { type: "string" },
    target: { type: "string" },
    base: { type: "string" },
    wheels: { type: "string" },
  },
});
const [service] = positionals;
const { image, target, base } = values;
if (!service || !image || !target || !base) {
  throw new Error("expected: collect.mjs SERVICE --image NAME --target FOLDER --base FOLDER [--wheels FILE]");
}
const root = process.cwd();
const created = Number(process.env.SOURCE_DATE_EPOCH || 0);
if (!Number.isSafeInteger(created)) {
  throw new Error(`SOURCE_DATE_EPOCH must be whole seconds since 1970; it is ${process.env.SOURCE_DATE_EPOCH}`);
}

const { files, packages } = await trace(root, service);
for (const file of [...files, "LICENSE"]) copy(path.join(root, file), path.join(target, "app", file));
const { version } = JSON.parse(fs.readFileSync(path.join(root, "package.json"), "utf8"));
const wheels = values.wheels ? JSON.parse(fs.readFileSync(values.wheels, "utf8")) : [];
const bill = billOfMaterials({ image: { name: `pssr-${image}`, version, created }, packages, wheels, base });
write(path.join(target, "usr/share/sbom", `pssr-${image}.cdx.json`), `${JSON.stringify(bill, null, 1)}\n`);
settle(target);
console.log(`${image}: ${files.length} files, ${bill.components.length} components`);

/** A link stays one: a package's code is found by the path that leads to it. */
function copy(from, to) {
  fs.mkdirSync(path.dirname(to), { recursive: true });
  if (fs.lstatSync(from).isSymbolicLink()) fs.symlinkSync(fs.readlinkSync(from), to);
  else fs.copyFileSync(from, to);
}

function write(file, text) {
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.writeFileSync(file, text);
}

/** Readable for whoever the container runs as, writable for nobody but root, as old as the sources. */
function settle(file) {
  const stat = fs.lstatSync(file);
  if (stat.isSymbolicLink()) {
    fs.lutimesSync(file, created, created);
    return;
  }
  if (stat.isDirectory()) for (const name of fs.readdirSync(file)) settle(path.join(file, name));
  fs.chmodSync(file, stat.isDirectory() ? 0o755 : 0o644);
  fs.utimesSync(file, created, created);
}
