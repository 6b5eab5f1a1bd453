/**
 * The file of API tokens: who may call the gateway, and what they may do. It is JSON, written by `pssr tokens` or by hand,
 * and holds digests only; still it decides who comes in, so nobody but its owner and group may read or write it.
 *
 *     {"schemaVersion": 1, "tokens": [{"id": "scope-3", "principal": "microscope 3", "role": "operator",
 *       "projects": ["em"], "sha256": "9f86…", "createdMs": 1767225600000, "expiresMs": 1798761600000}]}
 */
import { type FileHandle, open, rename, rm } from "node:fs/promises";
import { PssrError } from "@pssr/api";
import { everyProject, schema } from "@pssr/platform";

/** What a person or a program may be; `service` is for our own services, and they have no tokens. */
export const tokenRoles = ["viewer", "operator", "admin"] as const;
export type TokenRole = (typeof tokenRoles)[number];

export interface TokenEntry {
  readonly id: string;
  /** Who calls with it, for the record of what they begin. */
  readonly principal: string;
  readonly role: TokenRole;
  /** Ids of projects, or "*" for all. */
  readonly projects: readonly string[];
  /** Of the whole token, hexadecimal. */
  readonly sha256: string;
  readonly createdMs: number;
  /** Not valid from then on; absent: valid until it is taken out. */
  readonly expiresMs?: number | undefined;
}

const schemaVersion = 1;
/** Far more than tokens that people can look after. */
const maximumBytes = 16 * 2 ** 20;
const othersMayReadOrWrite = 0o006;
const ownerOnly = 0o600;

const fileSchema = schema((z) =>
  z.strictObject({
    schemaVersion: z.literal(schemaVersion),
    tokens: z
      .array(
        z.strictObject({
          id: z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/),
          principal: z.string().min(1).max(200),
          role: z.enum(tokenRoles),
          projects: z.array(z.union([z.literal(everyProject), z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/)])).min(1),
          sha256: z.string().regex(/^[0-9a-f]{64}$/),
          createdMs: z.int().min(0),
          expiresMs: z.int().min(0).optional(),
        }),
      )
      .refine((tokens) => new Set(tokens.map(({ id }) => id)).size === tokens.length, "two tokens have the same id"),
  }),
);

export interface TokenFile {
  readonly tokens: readonly TokenEntry[];
  /** Changes whenever the file does. */
  readonly version: string;
}

/** Reads the file. INVALID_CONFIGURATION, with the path and what to do, for one that is missing, open to others, or wrong. */
export async function readTokenFile(path: string): Promise<TokenFile> {
  const file = await openToRead(path);
  try {
    const stats = await file.stat({ bigint: true });
    if (process.platform !== "win32" && (Number(stats.mode) & othersMayReadOrWrite) !== 0) {
      throw wrong(path, `others on this machine may read or change it; run: chmod 640 ${path}`);
    }
    if (stats.size > maximumBytes) throw wrong(path, `it has ${stats.size} bytes; at most ${maximumBytes} are read`);
    const tokens = parse(path, await file.readFile("utf8"));
    return { tokens, version: versionOf(stats) };
  } finally {
    await file.close();
  }
}

interface FileStats {
  mtimeNs: bigint;
  ctimeNs: bigint;
  ino: bigint;
  size: bigint;
}

/** What tells one state of a file from another. */
export function versionOf({ mtimeNs, ctimeNs, ino, size }: FileStats): string {
  return `${ino}:${size}:${mtimeNs}:${ctimeNs}`;
}

/**
 * Changes the file in one step, and makes it, for its owner alone, where there is none. One change at a time: a second one
 * under way is RESOURCE_IN_USE.
 */
export async function changeTokenFile(
  path: string,
  change: (tokens: readonly TokenEntry[]) => readonly TokenEntry[],
): Promise<void> {
  const next = `${path}.new`;
  const file = await openNext(next);
  try {
    try {
      const { tokens, mode } = await present(path);
      const text = `${JSON.stringify({ schemaVersion, tokens: change(tokens) }, null, 2)}\n`;
      parse(path, text);
      await file.chmod(mode);
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(next, path);
  } catch (error) {
    await rm(next, { force: true });
    throw error;
  }
}

async function present(path: string): Promise<{ tokens: readonly TokenEntry[]; mode: number }> {
  let file: FileHandle;
  try {
    file = await open(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return { tokens: [], mode: ownerOnly };
    throw error;
  }
  try {
    const { mode } = await file.stat();
    return { tokens: parse(path, await file.readFile("utf8")), mode: mode & 0o777 };
  } finally {
    await file.close();
  }
}

async function openToRead(path: string): Promise<FileHandle> {
  try {
    return await open(path);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== "ENOENT")
      throw wrong(path, `it cannot be read (${(cause as Error).message})`, cause);
    throw wrong(path, `there is no such file; make it: pssr tokens create NAME --file ${path}`, cause);
  }
}

async function openNext(next: string): Promise<FileHandle> {
  try {
    return await open(next, "wx", ownerOnly);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== "EEXIST") throw cause;
    const message = `${next} exists: another change is under way; if it was interrupted, remove that file`;
    throw new PssrError("RESOURCE_IN_USE", message, { cause });
  }
}

function parse(path: string, text: string): readonly TokenEntry[] {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    // The parser's own words would show a part of the text.
    throw wrong(path, "it is no JSON");
  }
  const parsed = fileSchema().safeParse(json);
  if (parsed.success) return parsed.data.tokens;
  const [issue] = parsed.error.issues;
  throw wrong(path, `${issue?.path.join(".") || "the file"}: ${issue?.message}`);
}

function wrong(path: string, problem: string, cause?: unknown): PssrError {
  return new PssrError("INVALID_CONFIGURATION", `the file of API tokens ${path} cannot be used: ${problem}`, {
    field: "tokensFile",
    cause,
  });
}
