import assert from "node:assert/strict";
import { test } from "node:test";
import { allowToStop, stopLimit } from "../dist/terminal/stop-limit.js";

test("a command may stop for as long as its longest installation was given, and never less than by default", () => {
  const byDefault = stopLimit();
  allowToStop({ workGrace: 10, stopGrace: 10 });
  assert.equal(stopLimit(), byDefault);
  allowToStop({ workGrace: 60_000, stopGrace: 2_000 });
  allowToStop({ workGrace: 2_500, stopGrace: 1_500 });
  assert.equal(stopLimit(), 63_000);
});
