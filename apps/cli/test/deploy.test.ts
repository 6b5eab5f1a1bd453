/** `make deploy`: what it refuses before it asks any cluster. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { root } from "./pssr.js";

const overlays = readdirSync(join(root, "deploy/k8s/overlays")).sort().join(" ");

/** Whoever runs the tests may have an overlay in mind, or a cluster. */
const env = { ...process.env, OVERLAY: "", KUBECONFIG: "/dev/null" };

test("make deploy without the name of an overlay brings none, and lists them", () => {
  const { status, stderr } = spawnSync("make", ["deploy"], { cwd: root, env, encoding: "utf8" });
  assert.equal(status, 2);
  assert.equal(stderr.split("\n")[0], `pssr: name an overlay: make deploy OVERLAY=…; there are: ${overlays}`);
});

test("an overlay that is not there is refused with those that are", () => {
  const { status, stderr } = spawnSync("scripts/deploy.sh", ["locl"], { cwd: root, env, encoding: "utf8" });
  assert.deepEqual([status, stderr], [2, `pssr: there is no overlay locl; there are: ${overlays}\n`]);
});
