/** Where the decoding process finds its code: all that it may read beside the file. */
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** None lies within another: this package's folder, those of the packages it decodes with, and the folders that npm installs into. */
export function decoderCode(): string[] {
  const files = [import.meta.url, ...["@pssr/api", "@pssr/imaging"].map((name) => import.meta.resolve(name))];
  const folders = new Set<string>();
  for (const file of files.map((url) => fileURLToPath(url))) {
    let isWithin = true;
    for (let folder = dirname(file); folder !== dirname(folder); folder = dirname(folder)) {
      if (isWithin && existsSync(join(folder, "package.json"))) {
        folders.add(folder);
        isWithin = false;
      }
      if (existsSync(join(folder, "node_modules"))) folders.add(join(folder, "node_modules"));
    }
  }
  const all = [...folders];
  return all.filter((folder) => !all.some((other) => folder.startsWith(join(other, "/"))));
}
