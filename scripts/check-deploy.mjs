/**
 * Builds every overlay of deploy/k8s, and every combination of its components, with `kubectl kustomize`, and checks what comes
 * out against the schemas of Kubernetes, KEDA and the Prometheus operator, which are fetched through Go's module proxy. A
 * field that a schema does not know is an error: the API server would drop it. Also deploy/compose.yaml, against its schema.
 *
 *     node scripts/check-deploy.mjs
 */
import { execFile } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { promisify } from "node:util";
import Ajv from "ajv";
import { parse, parseAllDocuments } from "yaml";

const modules = {
  kubernetes: "k8s.io/kubernetes@v1.34.4",
  keda: "github.com/kedacore/keda/v2@v2.18.1",
  prometheus: "github.com/prometheus-operator/prometheus-operator@v0.85.0",
  compose: "github.com/compose-spec/compose-go/v2@v2.4.9",
};
/** A component that only changes what another brings comes with it. */
const needs = { "nats-replicated": ["nats"] };
const root = "deploy/k8s";
const scratch = "out/check-deploy";
const execute = promisify(execFile);
const mostOutputBytes = 64 * 1024 * 1024;

const { version } = JSON.parse(readFileSync("package.json", "utf8"));
const folders = Object.fromEntries(
  await Promise.all(Object.entries(modules).map(async ([name, module]) => [name, await moduleFolder(module)])),
);
const validators = readSchemas();
const components = readdirSync(join(root, "components")).sort();
const overlays = readdirSync(join(root, "overlays")).sort();
rmSync(scratch, { recursive: true, force: true });
const builds = [
  ...overlays.map((name) => ({ name: `overlay ${name}`, folder: join(root, "overlays", name) })),
  ...combinations(components).map(writeCombination),
];
let objects = 0;
const problems = new Set();
await inParallel(builds, async ({ name, folder }) => {
  try {
    const { stdout } = await execute("kubectl", ["kustomize", folder], { maxBuffer: mostOutputBytes });
    for (const [image, tag] of stdout.matchAll(/pssr\/[a-z-]+:(\S+)/g))
      if (tag !== version) problems.add(`${name}: ${image} is not of this release, ${version}`);
    for (const document of parseAllDocuments(stdout)) {
      objects += 1;
      for (const problem of check(document.toJS())) problems.add(`${name}: ${problem}`);
    }
  } catch (error) {
    problems.add(`${name}: ${error.stderr || error.message}`);
  }
});
for (const problem of checkCompose()) problems.add(`deploy/compose.yaml: ${problem}`);
for (const metric of unknownMetrics()) problems.add(`alerts: docs/telemetry.md has no metric ${metric}`);
for (const problem of problems) console.error(problem);
console.log(`${builds.length} builds (${overlays.length} overlays), ${objects} objects, ${problems.size} problems`);
if (problems.size > 0 || objects === 0) process.exitCode = 1;

function check(object) {
  const { apiVersion, kind, metadata } = object;
  const validate = validators.get(`${apiVersion} ${kind}`);
  const what = `${kind} ${metadata?.name}`;
  if (validate === undefined) return [`${what}: no schema is known for ${apiVersion} ${kind}`];
  if (validate(object)) return [];
  return validate.errors.map((e) => `${what}${e.instancePath}: ${e.message} ${JSON.stringify(e.params)}`);
}

function checkCompose() {
  const { $schema, ...schema } = JSON.parse(readFileSync(join(folders.compose, "schema/compose-spec.json"), "utf8"));
  const validate = new Ajv({ strict: false, validateFormats: false, allErrors: true }).compile(schema);
  validate(parse(readFileSync("deploy/compose.yaml", "utf8"), { merge: true }));
  return (validate.errors ?? []).map((e) => `${e.instancePath}: ${e.message} ${JSON.stringify(e.params)}`);
}

/** Metrics of ours that an alert names and no process tells. */
function unknownMetrics() {
  const known = new Set(readFileSync("docs/telemetry.md", "utf8").match(/(?<=^\| `)pssr_[a-z_]+/gm));
  const alerts = readFileSync(join(root, "components/monitoring/alerts.yaml"), "utf8");
  const named = alerts.match(/\bpssr_[a-z_]+/g).map((name) => name.replace(/_(bucket|count|sum)$/, ""));
  return new Set(named.filter((name) => !known.has(name)));
}

/** All sets of components, those that a component needs beside it. */
function combinations(names) {
  const all = [];
  for (let bits = 0; bits < 2 ** names.length; bits++) {
    const set = names.filter((_, i) => bits & (1 << i));
    if (set.every((name) => (needs[name] ?? []).every((other) => set.includes(other)))) all.push(set);
  }
  return all;
}

function writeCombination(set, index) {
  const folder = join(scratch, `${index}`);
  mkdirSync(folder, { recursive: true });
  const up = relative(folder, root);
  const kustomization = {
    apiVersion: "kustomize.config.k8s.io/v1beta1",
    kind: "Kustomization",
    namespace: "pssr",
    resources: [`${up}/base`],
    components: set.map((name) => `${up}/components/${name}`),
  };
  writeFileSync(join(folder, "kustomization.yaml"), JSON.stringify(kustomization));
  return { name: `base + ${set.join(" + ") || "nothing"}`, folder };
}

/** Validators by "apiVersion kind". */
function readSchemas() {
  const found = new Map();
  // OpenAPI's own keywords are no concern of a validator, and its formats neither.
  const ajv = new Ajv({ strict: false, validateFormats: false, allErrors: true });
  const openapi = join(folders.kubernetes, "api/openapi-spec/v3");
  for (const file of readdirSync(openapi).filter((name) => /^apis?__.*v\d+_openapi\.json$/.test(name))) {
    const { components: parts } = JSON.parse(readFileSync(join(openapi, file), "utf8"));
    ajv.addSchema({ $id: file, components: strictly(parts) });
    for (const [name, schema] of Object.entries(parts.schemas))
      for (const { group, version, kind } of schema["x-kubernetes-group-version-kind"] ?? [])
        found.set(`${group ? `${group}/` : ""}${version} ${kind}`, lazily(ajv, `${file}#/components/schemas/${name}`));
  }
  for (const folder of [
    join(folders.keda, "config/crd/bases"),
    join(folders.prometheus, "example/prometheus-operator-crd"),
  ])
    for (const file of readdirSync(folder).filter((name) => name.endsWith(".yaml"))) {
      const { kind, spec } = parse(readFileSync(join(folder, file), "utf8"));
      if (kind !== "CustomResourceDefinition") continue;
      for (const { name, schema } of spec.versions) {
        const properties = { ...schema.openAPIV3Schema.properties, metadata: { type: "object" } };
        const $id = `${file}-${name}`;
        ajv.addSchema({ $id, ...strictly({ ...schema.openAPIV3Schema, properties }) });
        found.set(`${spec.group}/${name} ${spec.names.kind}`, lazily(ajv, $id));
      }
    }
  return found;
}

/** Compiled at the first use: there are hundreds, and a few are used. */
function lazily(ajv, reference) {
  const validate = (object) => {
    const compiled = ajv.getSchema(reference);
    const isValid = compiled(object);
    validate.errors = compiled.errors;
    return isValid;
  };
  return validate;
}

/** The same schema, which allows no property that it does not name. */
function strictly(schema) {
  if (Array.isArray(schema)) return schema.map(strictly);
  if (schema === null || typeof schema !== "object") return schema;
  const copy = Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, strictly(value)]));
  if (typeof copy.pattern === "string" && copy.pattern.includes("(?")) delete copy.pattern; // Go's own syntax
  const namesAll =
    copy.type === "object" &&
    copy.properties !== undefined &&
    copy.additionalProperties === undefined &&
    copy["x-kubernetes-preserve-unknown-fields"] !== true;
  return namesAll ? { ...copy, additionalProperties: false } : copy;
}

async function moduleFolder(module) {
  const { stdout } = await execute("go", ["mod", "download", "-json", module], { maxBuffer: mostOutputBytes });
  return JSON.parse(stdout).Dir;
}

async function inParallel(items, work) {
  const waiting = items.values();
  const worker = async () => {
    for (const item of waiting) await work(item);
  };
  await Promise.all([worker(), worker()]);
}
