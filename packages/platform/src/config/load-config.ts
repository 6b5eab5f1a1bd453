/**
 * Reads a service's settings: a flag wins over the environment, the environment over the default. Whatever is wrong is
 * an INVALID_CONFIGURATION that names the setting, where its value came from and what was expected.
 */
import { readFileSync } from "node:fs";
import { PssrError } from "@pssr/api";
import { type Config, flagOf, type Setting, type Settings, variableOf } from "./setting.js";

export interface ConfigSources {
  /** The command line's words after the command: `["--data-dir", "data"]`. */
  argv: readonly string[];
  env: Readonly<Record<string, string | undefined>>;
}

interface Found {
  value: string;
  /** For people: `flag --data-dir`. */
  source: string;
}

export function loadConfig<S extends Settings>(settings: S, sources: ConfigSources): Config<S> {
  const flags = readFlags(settings, sources.argv);
  const entries = Object.entries(settings).map(([key, one]) => {
    const found = flags.get(key) ?? fromEnvironment(key, one, sources.env);
    return [key, found === undefined ? undefined : parse(key, one, found)];
  });
  return Object.fromEntries(entries) as Config<S>;
}

function parse(key: string, one: Setting<unknown>, found: Found): unknown {
  const value = one.kind.read(found.value);
  if (value !== undefined) return value;
  const shown = one.secret ? "its value (not shown)" : JSON.stringify(withoutPassword(found.value));
  const problem = one.kind.problem?.(found.value);
  const wrong = problem === undefined ? "is wrong" : `is wrong: ${problem}`;
  throw invalid(
    key,
    `${nameOf(key, one)}: ${shown}, from ${found.source}, ${wrong}; expected ${one.kind.description}.`,
  );
}

/** Where somebody has put one into a URL. */
function withoutPassword(value: string): string {
  return value.replace(/\/\/[^@/]*@/, "//…@");
}

function fromEnvironment(key: string, one: Setting<unknown>, env: ConfigSources["env"]): Found | undefined {
  const variable = variableOf(key);
  const value = env[variable];
  if (one.secret) {
    const path = env[`${variable}_FILE`];
    if (value !== undefined && path !== undefined) {
      throw invalid(key, `${variable} and ${variable}_FILE are both set; set only one of them.`);
    }
    if (path !== undefined) return { value: readSecret(key, `${variable}_FILE`, path), source: `the file ${path}` };
  }
  if (value !== undefined) return { value, source: `environment variable ${variable}` };
  return one.default === undefined ? undefined : { value: one.default, source: "its default" };
}

function readSecret(key: string, variable: string, path: string): string {
  try {
    return readFileSync(path, "utf8").trim();
  } catch (cause) {
    throw invalid(key, `${variable}: the file ${path} cannot be read (${(cause as Error).message}).`, cause);
  }
}

function readFlags(settings: Settings, argv: readonly string[]): Map<string, Found> {
  const keys = new Map(Object.keys(settings).map((key) => [flagOf(key), key]));
  const found = new Map<string, Found>();
  for (let i = 0; i < argv.length; i++) {
    const word = argv[i]!;
    if (!word.startsWith("--")) {
      throw invalid(undefined, `"${word}" is not a flag; settings are given as --name value or --name=value.`);
    }
    const equals = word.indexOf("=");
    const flag = equals < 0 ? word : word.slice(0, equals);
    const key = keys.get(flag);
    if (key === undefined) throw unknownFlag(flag, [...keys.keys()]);
    if (settings[key]!.secret) {
      throw invalid(key, `${flag} is a secret and never a flag; set ${variableOf(key)} or ${variableOf(key)}_FILE.`);
    }
    if (found.has(key)) throw invalid(key, `${flag} is given twice; give it once.`);
    const value = equals < 0 ? argv[++i] : word.slice(equals + 1);
    if (value === undefined || (equals < 0 && value.startsWith("--"))) {
      throw invalid(key, `${flag} has no value; expected ${settings[key]!.kind.description}.`);
    }
    found.set(key, { value, source: `flag ${flag}` });
  }
  return found;
}

function unknownFlag(flag: string, known: readonly string[]): PssrError {
  const near = known.filter((candidate) => candidate.includes(flag.slice(2)) || flag.includes(candidate.slice(2)));
  const hint = near.length > 0 ? near.join(" or ") : `one of ${known.join(" ")}`;
  return invalid(undefined, `${flag} is not a setting here; expected ${hint}.`);
}

function nameOf(key: string, one: Setting<unknown>): string {
  return one.secret ? variableOf(key) : `${flagOf(key)} (${variableOf(key)})`;
}

function invalid(key: string | undefined, message: string, cause?: unknown): PssrError {
  return new PssrError("INVALID_CONFIGURATION", message, { ...(key === undefined ? {} : { field: key }), cause });
}
