import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { test } from "node:test";
import { parseCrappifier, steps } from "@pssr/crappifiers";
import { defaultRanges } from "../../dist/fits/default-ranges.js";

const page = resolve(import.meta.dirname, "../../../../docs/fitting.md");

test("the page on fitting has the ranges that are usual, all of them", async () => {
  const text = await readFile(page, "utf8");
  const table = text.slice(text.indexOf("\n## Usual ranges\n"), text.indexOf("\n## From Python\n"));
  const told = [...table.matchAll(/^\| `(\w+)` \| (.+?) \| (\S+) \| (\S+) \| (\w+) \|$/gm)].flatMap((row) => {
    const [, kind, names, min, max, scale] = row as unknown as [string, string, string, string, string, string];
    const [from, to] = [min, max].map((number) => Number(number.replace("−", "-")));
    return [...names.matchAll(/`([\w.]+)`/g)].map(([, name]) => `${kind} ${name} ${from} ${to} ${scale}`);
  });
  const usual = Object.entries(steps).flatMap(([kind, { stages }]) => {
    const template = parseCrappifier({ sampling: { scale: 1 }, [stages.at(-1)!]: [{ kind }] }, "template");
    const ranges = defaultRanges(template, { side: 1024, pixelSizeNm: 0 });
    return ranges.map(
      ({ path, min, max, scale }) => `${kind} ${path.replace(/^.*?\./, "")} ${min} ${max} ${scale.toLowerCase()}`,
    );
  });
  assert.deepEqual(told.sort(), usual.sort());
});
