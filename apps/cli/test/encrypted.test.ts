/** Processes that talk encrypted, and know each other by certificates: from the command through the gateway to a service. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { CertificateAuthority } from "@pssr/local-servers";
import { listening, pssr, root, temporaryFolder } from "./pssr.js";

const PSSR_IDENTITY_KEY = "a key of at least thirty-two bytes, for the test";
let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let authority: CertificateAuthority;
const children: ChildProcess[] = [];
before(async () => {
  folder = await temporaryFolder();
  authority = await CertificateAuthority.make("ours");
});
after(async () => {
  for (const child of children) {
    const exited = once(child, "exit");
    child.kill("SIGTERM");
    assert.deepEqual(await exited, [0, null]);
  }
  await authority[Symbol.asyncDispose]();
  await folder.remove();
});

async function start(name: string, ...settings: string[]): Promise<string> {
  const { certFile, keyFile } = await authority.issue(name);
  const { caFile } = authority;
  const tls = ["--tls-cert-file", certFile, "--tls-key-file", keyFile, "--tls-ca-file", caFile];
  const args = [
    join(root, "services", name, "dist/main.js"),
    "--data-dir",
    join(folder.path, name),
    ...["--tls-client-ca-file", caFile, `--${name}-bind`, "127.0.0.1:0", "--log-level", "warn"],
    ...tls,
    ...settings,
  ];
  const child = spawn(process.execPath, args, {
    env: { ...process.env, PSSR_IDENTITY_KEY },
    stdio: ["ignore", "ignore", "pipe"],
  });
  children.push(child);
  return listening(child);
}

test("a command reaches a service over encrypted connections, and without the authority is told what is missing", async () => {
  const crappify = await start("crappify");
  // The gateway asks no certificate of its callers, who have tokens; the service asks one of the gateway.
  const gateway = await start("gateway", "--crappify-address", crappify, "--backend-wait", "3s");
  const list = (...options: string[]) => pssr(["--address", gateway, ...options, "datasets", "list"]);
  const listed = await list("--ca", authority.caFile);
  assert.equal(listed.code, 0, listed.stderr);
  assert.match(listed.stdout, /no datasets/);

  const plain = await list();
  assert.equal(plain.code, 3);
  assert.match(plain.stderr, /encrypted/);
  await using others = await CertificateAuthority.make("others");
  const untrusted = await list("--ca", others.caFile);
  assert.equal(untrusted.code, 3);
  assert.match(untrusted.stderr, /not trusted here: check --ca \(PSSR_CA_FILE\)/);
});
