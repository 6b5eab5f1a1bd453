/** The arrows of the house: who may import whom. The linter sees package names; this also sees relative paths. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "../../..");
const services = ["crappify", "train", "predict", "optimize", "gateway"];

/** What each room may import of ours. */
const arrows: Record<string, string[]> = {
  "packages/api": [],
  "packages/imaging": ["api"],
  "packages/crappifiers": ["api", "imaging"],
  "packages/networks": ["api"],
  "packages/inference": ["api"],
  "packages/platform": ["api"],
  "packages/local-servers": ["api"],
  "packages/client": ["api"],
  "services/crappify": ["api", "imaging", "crappifiers", "inference", "platform"],
  "services/train": ["api", "imaging", "crappifiers", "networks", "platform"],
  "services/predict": ["api", "imaging", "networks", "inference", "platform"],
  "services/optimize": ["api", "imaging", "crappifiers", "platform"],
  "services/gateway": ["api", "platform"],
  // The composition root: it alone starts services, and the servers that they need on a developer's machine.
  "apps/cli": ["api", "client", "crappifiers", "imaging", "local-servers", "platform", ...services],
  // Measures parts of services beside their peers.
  bench: [
    "api",
    "client",
    "crappifiers",
    "crappify",
    "imaging",
    "inference",
    "local-servers",
    "networks",
    "optimize",
    "platform",
    "predict",
    "train",
  ],
};

function sources(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && /\.ts$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name));
}

for (const [room, allowed] of Object.entries(arrows)) {
  test(`${room} imports only what its arrows allow, and nothing by a path out of its own folder`, () => {
    const files = sources(join(root, room, "src"));
    assert.ok(files.length > 0, "a room without sources");
    for (const file of files) {
      const text = readFileSync(file, "utf8");
      for (const [, target] of text.matchAll(/(?:from|import)\s*\(?\s*"([^"]+)"/g)) {
        const where = `${relative(root, file)} imports ${target}`;
        if (target!.startsWith(".")) {
          assert.ok(resolve(dirname(file), target!).startsWith(join(root, room)), where);
        } else if (target!.startsWith("@pssr/")) {
          assert.ok(allowed.includes(target!.split("/")[1]!), where);
        }
      }
    }
  });
}

test("every room of the house has its arrows", () => {
  const rooms = ["packages", "services", "apps"].flatMap((floor) =>
    readdirSync(join(root, floor)).map((name) => `${floor}/${name}`),
  );
  assert.deepEqual(
    rooms.filter((room) => !(room in arrows)),
    [],
  );
});
