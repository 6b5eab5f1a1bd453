/** Which servers there are and in which versions: the table that the installing script reads too. */
import { readFileSync } from "node:fs";

export type ServerName = "nats" | "s3";

export interface ServerEntry {
  readonly binary: string;
  /** Part of the binary's file name, so that no newer checkout runs an older server. */
  readonly version: string;
  /** Container image with the same program as its entry point. */
  readonly image: string;
}

export const serverTable = JSON.parse(readFileSync(new URL("../servers.json", import.meta.url), "utf8")) as Readonly<
  Record<ServerName, ServerEntry>
>;
