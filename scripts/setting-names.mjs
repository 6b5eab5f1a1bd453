/**
 * Writes packages/platform/src/config/setting-names.ts: the environment variables that any part of the product reads. Each
 * service has its own settings alone, and so can tell a misspelt one from another's. Needs the compiled services.
 *
 *     node scripts/setting-names.mjs            # writes it, after a setting was added
 *     node scripts/setting-names.mjs --check    # fails where it would change
 */
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { variablesOf } from "../packages/platform/dist/index.js";
import { crappifyProgram } from "../services/crappify/dist/index.js";
import { gatewayProgram } from "../services/gateway/dist/index.js";
import { optimizeProgram } from "../services/optimize/dist/index.js";
import { predictProgram } from "../services/predict/dist/index.js";
import { trainProgram } from "../services/train/dist/index.js";

const root = fileURLToPath(new URL("..", import.meta.url));
const file = path.join(root, "packages/platform/src/config/setting-names.ts");
const programs = [crappifyProgram, trainProgram, predictProgram, optimizeProgram, gatewayProgram];
const settings = new Set(programs.flatMap((program) => variablesOf(program.settings)));

// What the command, the scripts and the build read by themselves is found where they do.
const places = [
  ".ci",
  "Makefile",
  "apps/cli/src",
  "deploy/e2e/src",
  "deploy/images",
  "packages",
  "scripts",
  "services",
];
const others = new Set(
  places
    .flatMap((place) => filesIn(path.join(root, place)))
    .filter((one) => one !== file)
    .flatMap((one) => readFileSync(one, "utf8").match(/(?<![A-Z0-9_])PSSR_[A-Z0-9_]*[A-Z0-9]\b/g) ?? [])
    .filter((name) => !settings.has(name) && !/^PSSR_TEST(_|$)/.test(name)),
);

const list = (names) =>
  [...names]
    .sort()
    .map((name) => `  "${name}",\n`)
    .join("");
const text = `/** Written by scripts/setting-names.mjs: the environment variables that any part of the product reads. */

/** Settings of services. */
export const settingNames: readonly string[] = [
${list(settings)}];

/** Of the command, of scripts and of the build. */
export const otherNames: readonly string[] = [
${list(others)}];
`;
if (!process.argv.includes("--check")) writeFileSync(file, text);
else if (readFileSync(file, "utf8") !== text) {
  console.error("settings have come or gone: make build && node scripts/setting-names.mjs && make build");
  process.exitCode = 1;
}

/** All sources in a folder but tests; a file itself. */
function filesIn(place) {
  if (!statSync(place).isDirectory()) return [place];
  return readdirSync(place, { withFileTypes: true })
    .filter(({ name }) => !["dist", "dist-test", "generated", "node_modules", "test"].includes(name))
    .filter((entry) => entry.isDirectory() || /(\.(ts|mjs|js|sh)|Dockerfile|^[^.]+)$/.test(entry.name))
    .flatMap(({ name }) => filesIn(path.join(place, name)));
}
