/** docs/crappifiers.md lists the steps and presets that there are, and all of them. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import test from "node:test";
import { fileURLToPath } from "node:url";
import { parseCrappifier, presets, type StepParameter, samplingKernels, steps } from "@pssr/crappifiers";

const document = join(dirname(fileURLToPath(import.meta.url)), "../../../docs/crappifiers.md");
const text = readFileSync(document, "utf8");

/** Rows of the table under a heading, without its head. */
function rowsUnder(heading: string): string[] {
  const section = text.split(/^## /m).find((part) => part.startsWith(`${heading}\n`));
  assert.ok(section !== undefined, `no section "${heading}"`);
  return section.split("\n").filter((line) => line.startsWith("| `"));
}

function range({ min, max, none, whole }: StepParameter): string {
  return `${none === undefined ? "" : `${none}, or `}${String(min).replace("-", "−")} to ${max}${whole ? ", whole" : ""}`;
}

test("the table of steps has each parameter with its unit, range and default", () => {
  const expected = Object.entries(steps).flatMap(([kind, { stages, parameters }]) =>
    Object.entries<StepParameter>(parameters).map(
      ([name, parameter]) =>
        `| \`${kind}\` | ${stages.join(", ")} | \`${name}\` | ${parameter.meaning} | ${parameter.unit} | ${range(parameter)} | ${parameter.default} |`,
    ),
  );
  assert.deepEqual(rowsUnder("Steps"), expected);
});

test("the table of presets has each with what it stands for and where its numbers come from", () => {
  const expected = Object.keys(presets)
    .sort()
    .map((name) => `| \`${name}\` | ${presets[name]!.description} | ${presets[name]!.source} |`);
  assert.deepEqual(rowsUnder("Presets"), expected);
});

test("each sampling kernel is explained, and the example is a crappifier", () => {
  for (const kernel of samplingKernels) assert.ok(text.includes(`| \`${kernel}\` |`), kernel);
  const examples = [...text.matchAll(/```json\n([\s\S]*?)```/g)].map(([, json]) => JSON.parse(json!));
  assert.ok(examples.length > 0);
  for (const example of examples) parseCrappifier(example, "example");
});
