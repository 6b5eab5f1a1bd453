#!/usr/bin/env node
import * as module from "node:module";
import { join } from "node:path";

// From Node 22 on, compiled code is kept from one start to the next: in the user's own folder, for whoever can write
// there decides what runs. Where there is none, or it cannot be written, everything is compiled as ever.
const { HOME, XDG_CACHE_HOME = HOME && join(HOME, ".cache") } = process.env;
if (XDG_CACHE_HOME) module.enableCompileCache?.(join(XDG_CACHE_HOME, "pssr", "compiled"));
// Whoever reads the results may have read enough, as `head` has.
process.stdout.on("error", (error) => {
  if (error.code !== "EPIPE") throw error;
});
const { main } = await import("../dist/main.js");

process.exitCode = await main(process.argv.slice(2));
