/** Where `make servers` put the binaries: the cache that all checkouts share. */
import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { PssrError } from "@pssr/api";
import { type ServerName, serverTable } from "./server-table.js";

/** Path of a server's binary; INVALID_CONFIGURATION where it was not installed. */
export function serverBinary(server: ServerName): string {
  const { PSSR_CACHE_DIR, XDG_CACHE_HOME } = process.env;
  const cache = PSSR_CACHE_DIR || join(XDG_CACHE_HOME || join(homedir(), ".cache"), "pssr");
  const { binary, version } = serverTable[server];
  const path = resolve(cache, `${binary}-${version}-${process.arch}`);
  if (existsSync(path)) return path;
  throw new PssrError("INVALID_CONFIGURATION", `${path} is missing: run \`make servers\`, which fetches it`);
}
