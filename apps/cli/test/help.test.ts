/** What the command says of itself. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { pssr } from "./pssr.js";

test("the help names every variable that the command reads", async () => {
  const { code, stdout } = await pssr(["--help"]);
  assert.equal(code, 0);
  const environment = stdout.slice(stdout.indexOf("\nEnvironment:\n"));
  for (const name of ["ADDRESS", "PROJECT", "CA_FILE", "TOKEN", "TOKEN_FILE", "TOKENS_FILE"])
    assert.match(environment, new RegExp(`^  PSSR_${name} +\\S`, "m"));
});

test("a variable that is empty counts as not set", async () => {
  const env = { PSSR_ADDRESS: "", PSSR_PROJECT: "", PSSR_CA_FILE: "", PSSR_TOKENS_FILE: "" };
  const { stdout } = await pssr(["--help"], env);
  assert.match(stdout, /--address <host:port> .*\(default: "127\.0\.0\.1:7717"\)/);
  assert.match(stdout, /--project <id> .*\(default: "default"\)/);
  assert.match((await pssr(["tokens", "list"], env)).stderr, /required option '--file <file>' not specified/);
});

test("an option that must be given is marked in the help, and one that the environment gives is not", async () => {
  const { stdout } = await pssr(["images", "export", "--help"]);
  assert.match(stdout.replaceAll(/\s+/g, " "), /-o, --output <file> file to write, .* stands for the id \(required\)/);
  const tokens = (await pssr(["tokens", "list", "--help"], { PSSR_TOKENS_FILE: "/tokens.json" })).stdout;
  assert.match(tokens.replaceAll(/\s+/g, " "), /\(PSSR_TOKENS_FILE\) \(default: "\/tokens\.json"\)/);
  assert.doesNotMatch(tokens, /required/);
});
