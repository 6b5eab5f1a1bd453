/**
 * The keys that all services of an installation share, as text: one a line, `id:secret`, where the first signs and all
 * verify. So a key is changed while everything runs: add the new one as the last line everywhere, then make it the first,
 * and five minutes later take the old one out. Empty lines and lines that begin with `#` are left out. A single secret
 * without an id is a key too; its id is `shared`.
 *
 *     # openssl rand -base64 32
 *     2024-06:kC2dQ0pT…
 *     2024-01:uY8sB1fR…
 */
import { PssrError } from "@pssr/api";
import type { SettingKind } from "../config/setting.js";
import { createKeyring, type Key, type Keyring } from "./keyring.js";

/** The id of a secret that has none. */
const bareId = "shared";
const leastBytes = 32;
const form = /^([A-Za-z0-9._-]{1,64}):(.*)$/;

/** The setting's kind. What it says of a wrong text names the line and never the secret. */
export function identityKeys(): SettingKind<readonly Key[]> {
  return {
    description: `one key a line as id:secret, the secret of at least ${leastBytes} bytes, or one secret alone`,
    read(text) {
      const parsed = parse(text);
      return typeof parsed === "string" ? undefined : parsed;
    },
    problem(text) {
      const parsed = parse(text);
      return typeof parsed === "string" ? parsed : undefined;
    },
  };
}

/** Keys, or what is wrong where. */
function parse(text: string): readonly Key[] | string {
  const lines = text
    .split(/\r?\n/)
    .map((line, i) => ({ number: i + 1, text: line.trim() }))
    .filter((line) => line.text !== "" && !line.text.startsWith("#"));
  if (lines.length === 0) return "there is no key in it";
  const keys: Key[] = [];
  for (const line of lines) {
    const [, named, given] = form.exec(line.text) ?? [];
    if (named === undefined && lines.length > 1) return `line ${line.number} is not of the form id:secret`;
    const secretBytes = new TextEncoder().encode(given?.trim() ?? line.text);
    if (secretBytes.byteLength < leastBytes)
      return `the secret in line ${line.number} has ${secretBytes.byteLength} bytes`;
    const id = named ?? bareId;
    if (keys.some((key) => key.id === id)) return `line ${line.number} has the same id as a line before`;
    keys.push({ id, algorithm: "HS256", sign: secretBytes, verify: secretBytes });
  }
  return keys;
}

/** The keyring of a process that shares its keys with others; INVALID_CONFIGURATION where there are none. */
export function sharedKeyring(keys: readonly Key[] | undefined): Keyring {
  if (keys === undefined) {
    throw new PssrError(
      "INVALID_CONFIGURATION",
      `a service alone needs the key that all services share: set PSSR_IDENTITY_KEY_FILE to a file with a line of at least ${leastBytes} random bytes of text`,
      { field: "identityKey" },
    );
  }
  return createKeyring(keys, { configured: true });
}
