/** Where `make servers` put the binaries: the cache that all checkouts share. */
import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { PssrError } from "@pssr/api";

/** The table that the installing script reads too. Versions are part of a file's name: no newer checkout runs an older server. */
const table = JSON.parse(readFileSync(new URL("../servers.json", import.meta.url), "utf8")) as Readonly<
  Record<"nats" | "s3", { binary: string; version: string }>
>;

/** Path of a server's binary; INVALID_CONFIGURATION where it was not installed. */
export function serverBinary(server: keyof typeof table): string {
  const { PSSR_CACHE_DIR, XDG_CACHE_HOME } = process.env;
  const cache = PSSR_CACHE_DIR || join(XDG_CACHE_HOME || join(homedir(), ".cache"), "pssr");
  const { binary, version } = table[server];
  const path = resolve(cache, `${binary}-${version}-${process.arch}`);
  if (existsSync(path)) return path;
  throw new PssrError("INVALID_CONFIGURATION", `${path} is missing: run \`make servers\`, which fetches it`);
}
