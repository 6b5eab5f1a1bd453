/** API tokens as a person meets them: made by the command, asked for by a gateway that others can reach. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { listening, pssr, root, temporaryFolder } from "./pssr.js";

const PSSR_IDENTITY_KEY = "a key of at least thirty-two bytes, for the test";
let folder: Awaited<ReturnType<typeof temporaryFolder>>;
before(async () => {
  folder = await temporaryFolder();
});
after(() => folder.remove());

test("a token opens a gateway on every interface to its holder until it is revoked, and nothing else does", async (t) => {
  const file = join(folder.path, "tokens.json");
  const made = await pssr(["tokens", "create", "scope-3", "--file", file, "--projects", "em", "--role", "viewer"]);
  assert.equal(made.code, 0, made.stderr);
  const token = made.stdout.trim();
  assert.match(token, /^pssr_scope-3_[\w-]{43}$/);
  assert.equal((await stat(file)).mode & 0o777, 0o600);

  const args = [
    "--gateway-bind",
    "0.0.0.0:0",
    "--backend-wait",
    "0s",
    "--tokens-file",
    file,
    "--tokens-reload",
    "100ms",
  ];
  const child = spawn(
    process.execPath,
    [
      join(root, "services/gateway/dist/main.js"),
      "--data-dir",
      join(folder.path, "data"),
      "--log-level",
      "warn",
      ...args,
    ],
    { env: { ...process.env, PSSR_IDENTITY_KEY }, stdio: ["ignore", "ignore", "pipe"] },
  );
  t.after(async () => {
    const exited = once(child, "exit");
    child.kill("SIGTERM");
    assert.deepEqual(await exited, [0, null]);
  });
  let log = "";
  child.stderr.on("data", (chunk) => {
    log += chunk;
  });
  const address = await listening(child);
  assert.match(log, /not encrypted/);
  const list = (env: Record<string, string>, project = "em") =>
    pssr(["--address", address, "--project", project, "operations", "list"], env);

  const answered = await list({ PSSR_TOKEN: token });
  assert.equal(answered.stdout, "no operations\n", answered.stderr);
  const tokenFile = join(folder.path, "token");
  await writeFile(tokenFile, `${token}\n`);
  assert.equal((await list({ PSSR_TOKEN_FILE: tokenFile })).code, 0);
  assert.match((await list({ PSSR_TOKEN: token }, "other")).stderr, /NOT_FOUND/);
  for (const env of [undefined, { PSSR_TOKEN: "", PSSR_TOKEN_FILE: "" }])
    assert.match((await list(env ?? {})).stderr, /set PSSR_TOKEN, or PSSR_TOKEN_FILE .*\(UNAUTHENTICATED\)\n$/);
  assert.match((await list({ PSSR_TOKEN: "pssr_x" })).stderr, /is not valid here: .* It came from PSSR_TOKEN\. /);
  await writeFile(join(folder.path, "wrong"), "pssr_x");
  const wrong = await list({ PSSR_TOKEN_FILE: join(folder.path, "wrong"), PSSR_TOKEN: "" });
  assert.match(wrong.stderr, /is not valid here: .*\/wrong, which PSSR_TOKEN_FILE names\. /);
  await writeFile(join(folder.path, "empty"), "\n");
  assert.match((await list({ PSSR_TOKEN_FILE: join(folder.path, "empty") })).stderr, /\/empty is empty/);

  const listed = await pssr(["tokens", "list", "--file", file]);
  assert.match(listed.stdout, /scope-3\s+scope-3\s+viewer\s+em\s+never/);
  assert.ok(!listed.stdout.includes(token.slice(-43)));
  assert.equal((await pssr(["tokens", "revoke", "scope-3", "--file", file])).code, 0);
  while ((await list({ PSSR_TOKEN: token })).code === 0);
});

test("what a token may see must be said, an id stands for one token, and no token is a service", async () => {
  const file = join(folder.path, "others.json");
  const create = (...args: string[]) => pssr(["tokens", "create", "ann", "--file", file, ...args]);
  assert.match((await create()).stderr, /--projects/);
  assert.equal((await create("--all-projects", "--role", "service")).code, 2);
  assert.equal((await create("--all-projects")).code, 0);
  assert.match((await create("--all-projects")).stderr, /ALREADY_EXISTS/);
  assert.match((await pssr(["tokens", "revoke", "bob", "--file", file])).stderr, /NOT_FOUND/);
});
