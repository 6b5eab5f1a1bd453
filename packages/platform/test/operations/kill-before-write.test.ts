import { test } from "node:test";
import { killEverywhere } from "./kill-everywhere.js";

test("a process killed before any write from submit to visible result leaves one end and one result", (context) =>
  killEverywhere(context, "before"));
