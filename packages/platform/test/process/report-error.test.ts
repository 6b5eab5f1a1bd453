import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";

const end = JSON.stringify(new URL("../../dist/process/end.js", import.meta.url));
const api = JSON.stringify(import.meta.resolve("@pssr/api"));

/** What a program says on standard error that ends with an error. */
function reported(error: string): string {
  const program = `
    import { PssrError } from ${api};
    import { reportError } from ${end};
    process.exitCode = reportError(${error}, { program: "pssr", signal: new AbortController().signal });`;
  const { stderr, status } = spawnSync(process.execPath, ["--input-type=module", "--eval", program], {
    encoding: "utf8",
  });
  assert.equal(status, 1, stderr);
  return stderr;
}

const said = String.raw`it answered\x1b]0;owned\x07\r\n\u009b2J`;

test("an error's line holds nothing that a terminal would obey, whoever said it", () => {
  assert.equal(
    reported(`new PssrError("EXTERNAL_CRAPPIFIER_FAILED", "${said}")`),
    "pssr: it answered ]0;owned    2J (EXTERNAL_CRAPPIFIER_FAILED)\n",
  );
});

test("so does the stack of an unexpected error, which stays on its lines", () => {
  const [first, second, ...stack] = reported(`new Error("${said}")`).split("\n");
  assert.equal(first, "pssr: an unexpected error, a fault of ours: Error: it answered ]0;owned  ");
  assert.equal(second, " 2J");
  assert.match(stack[0]!, /^ {4}at /);
});
