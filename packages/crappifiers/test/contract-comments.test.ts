/** The contract's comments tell each parameter's bounds and default as the registry has them. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import test from "node:test";
import { fileURLToPath } from "node:url";
import { type StepParameter, steps } from "@pssr/crappifiers";

const contract = readFileSync(
  join(dirname(fileURLToPath(import.meta.url)), "../../../proto/pssr/v1/crappifier.proto"),
  "utf8",
);

/** The comments of a message's fields, by the fields' names. */
function commentsIn(message: string): Map<string, string> {
  const body = new RegExp(`^message ${message} \\{\\n([\\s\\S]*?)^\\}`, "m").exec(contract)?.[1];
  assert.ok(body !== undefined, `no message ${message}`);
  const fields = body.matchAll(/((?: {2}\/\/.*\n)+) {2}Parameter (\w+) = /g);
  return new Map([...fields].map(([, comment, name]) => [name!, comment!.replace(/\s*\/\/\s*/g, " ")]));
}

/** As the contract writes numbers, in a pattern: "1000", "100,000", "−255". */
function written(value: number): string {
  const digits = value >= 10_000 ? value.toLocaleString("en-US") : String(value);
  return digits.replace("-", "−").replace(".", "\\.");
}

for (const [kind, { parameters }] of Object.entries(steps)) {
  test(`the contract tells bounds and defaults of ${kind}`, () => {
    const message = new RegExp(`^ {4}(\\w+) ${kind} = `, "m").exec(contract)?.[1];
    assert.ok(message !== undefined, `no step ${kind}`);
    const comments = commentsIn(message);
    assert.deepEqual([...comments.keys()], Object.keys(parameters));
    for (const [name, { max, default: value }] of Object.entries<StepParameter>(parameters)) {
      const comment = comments.get(name)!;
      assert.match(comment, new RegExp(`Default ${written(value)}[.:]`), `${name}:${comment}`);
      // Both bounds of a range stand together; "1000000 nm" of a pixel's side is a bound against nonsense and not told.
      if (/ to /.test(comment)) assert.match(comment, new RegExp(` to ${written(max)}\\b`), name);
    }
  });
}
