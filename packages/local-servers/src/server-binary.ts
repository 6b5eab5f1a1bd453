/** Where `npm run install-servers` put the binaries: the cache that all checkouts share. */
import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { PssrError } from "@pssr/api";

/** Versions are part of the file name, so that a newer checkout never runs an older server. */
export const binaries = { nats: `nats-server-2.15.1-${process.arch}` } as const;

/** Path of a server's binary; INVALID_CONFIGURATION where it was not installed. */
export function serverBinary(server: keyof typeof binaries): string {
  const { PSSR_CACHE_DIR, XDG_CACHE_HOME } = process.env;
  const path = join(PSSR_CACHE_DIR ?? join(XDG_CACHE_HOME ?? join(homedir(), ".cache"), "pssr"), binaries[server]);
  if (existsSync(path)) return path;
  throw new PssrError("INVALID_CONFIGURATION", `${path} is missing: run \`make servers\`, which fetches it`);
}
