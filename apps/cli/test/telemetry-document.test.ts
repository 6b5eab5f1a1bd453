/** docs/telemetry.md lists what there is, and all of it. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { collectProcessMetrics, flagOf, registry, telemetrySettings, variableOf } from "@pssr/platform";
import { root } from "./pssr.js";

// Every service registers its metrics when it is loaded.
await import("../dist/installation/installation.js");
collectProcessMetrics();

const text = await readFile(join(root, "docs/telemetry.md"), "utf8");

/** Rows of tables whose first cell is a metric's name. */
const rows = [...text.matchAll(/^\| `((?:pssr|process|nodejs)_\w+)` \|(.*)\|$/gm)].map(([, name, rest]) => {
  const [type = "", labels = ""] = rest!.split("|").map((cell) => cell.trim());
  return { name: name!, type, labels: [...labels.matchAll(/`(\w+)`/g)].map(([, label]) => label!) };
});

const registered = registry.getMetricsAsArray() as unknown as { name: string; type: string; labelNames: string[] }[];

test("each metric of ours is in the document with its type and labels, and no other is", () => {
  const byName = (a: { name: string }, b: { name: string }) => (a.name < b.name ? -1 : 1);
  assert.deepEqual(
    rows.filter(({ name }) => name.startsWith("pssr_")).sort(byName),
    registered
      .filter(({ name }) => name.startsWith("pssr_"))
      .map(({ name, type, labelNames }) => ({ name, type, labels: [...labelNames] }))
      .sort(byName),
  );
});

test("each metric of the process is in the document", { skip: process.platform !== "linux" }, () => {
  const documented = new Set(rows.map(({ name }) => name));
  const missing = registered.map(({ name }) => name).filter((name) => !documented.has(name));
  assert.deepEqual(missing, []);
});

test("each setting is in the document", () => {
  for (const key of Object.keys(telemetrySettings)) {
    assert.ok(text.includes(`| \`${variableOf(key)}\` |`), `${variableOf(key)} (${flagOf(key)})`);
  }
});
