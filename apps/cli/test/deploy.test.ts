/** `make deploy`: what it refuses before it changes anything. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { root, temporaryFolder } from "./pssr.js";

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

/** Answers as a cluster does that has some secrets and some pods, and writes down which secrets are made. */
const cluster = `#!/usr/bin/env bash
case " $* " in
  *" current-context "*) echo test ;;
  *" get secret "*) for one in $SECRETS; do case " $* " in *" $one "*) echo "secret/$one" ;; esac; done ;;
  *" get pods "*) [ -z "$HOLDING" ] || printf '%s\\n' "$HOLDING" ;;
  *" kustomize "*) echo "name: ROOT_ACCESS_KEY" ;;
  *" create secret generic "*) echo "$6" >>"$MADE" ;;
  *" --dry-run=server "*) exit 0 ;;
  *" apply -k "*) echo "that is all" >&2; exit 7 ;;
esac
`;

async function deploy(t: TestContext, given: { secrets: string; holding: string }) {
  const folder = await temporaryFolder();
  t.after(() => folder.remove());
  writeFileSync(join(folder.path, "kubectl"), cluster, { mode: 0o755 });
  const made = join(folder.path, "made");
  writeFileSync(made, "");
  const { status, stderr } = spawnSync("scripts/deploy.sh", ["local"], {
    cwd: root,
    env: {
      ...env,
      PATH: `${folder.path}:${process.env.PATH}`,
      SECRETS: given.secrets,
      HOLDING: given.holding,
      MADE: made,
    },
    encoding: "utf8",
  });
  return { status, stderr, made: readFileSync(made, "utf8").split("\n").filter(Boolean) };
}

test("a secret that is gone is not made anew while pods run with the old one", async (t) => {
  const secrets = "pssr-identity pssr-s3 pssr-tokens";
  const holding = "pssr-identity gateway-1\npssr-nats gateway-1\npssr-nats nats-0\npssr-nats gateway-1";
  const { status, stderr, made } = await deploy(t, { secrets, holding });
  assert.deepEqual([status, made], [1, []], stderr);
  assert.match(stderr, /^pssr: the secret pssr-nats is gone, and these pods run with it: gateway-1 nats-0\. /);
});

test("a secret that no running pod has is made, and those that are there are left alone", async (t) => {
  const { status, stderr, made } = await deploy(t, { secrets: "pssr-identity pssr-s3 pssr-tokens", holding: "" });
  assert.deepEqual([status, made], [7, ["pssr-nats"]], stderr);
});
