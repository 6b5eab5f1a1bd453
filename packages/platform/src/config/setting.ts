/**
 * One setting of a service: how its text is read, what it is when nobody sets it, and what it means. Its names follow
 * from its key: `dataDir` is the flag `--data-dir` and the environment variable `PSSR_DATA_DIR`.
 *
 *     const settings = {
 *       bind: setting(address(), { default: "127.0.0.1:0", description: "Address to listen on" }),
 *       tokenKey: secret(text(), { description: "Key that signs tokens" }),
 *     };
 */

/** How a setting's text is read. */
export interface SettingKind<T> {
  /** Completes the sentence "expected …". */
  readonly description: string;
  /** What a text means; undefined for one that is not of this kind. */
  read(text: string): T | undefined;
  /** What is wrong with such a text, where a kind can say more than what it expects. It never shows a secret. */
  problem?(text: string): string | undefined;
}

export interface Setting<T> {
  readonly kind: SettingKind<T>;
  readonly description: string;
  /** As one would type it. Undefined: the setting may be absent. */
  readonly default: string | undefined;
  /** Never a flag: from the environment variable, or from the file that the variable with the suffix `_FILE` names. */
  readonly secret: boolean;
}

/** Settings by their key in camelCase. Several services started together simply spread theirs into one record. */
export type Settings = Readonly<Record<string, Setting<unknown>>>;

/** What `loadConfig` makes of settings. */
export type Config<S extends Settings> = {
  readonly [K in keyof S]: S[K] extends Setting<infer T> ? T : never;
};

export function setting<T>(kind: SettingKind<T>, about: { default: string; description: string }): Setting<T> {
  return { kind, description: about.description, default: about.default, secret: false };
}

/** A setting that may be absent. */
export function optional<T>(kind: SettingKind<T>, about: { description: string }): Setting<T | undefined> {
  return { kind, description: about.description, default: undefined, secret: false };
}

/** A password, key or token: may be absent, and never stands on a command line, where every process can read it. */
export function secret<T>(kind: SettingKind<T>, about: { description: string }): Setting<T | undefined> {
  return { kind, description: about.description, default: undefined, secret: true };
}

/** `dataDir` → `--data-dir` */
export function flagOf(key: string): string {
  return `--${words(key).join("-")}`;
}

/** `dataDir` → `PSSR_DATA_DIR` */
export function variableOf(key: string): string {
  return `PSSR_${words(key).join("_").toUpperCase()}`;
}

/** All variables that settings are read from: a secret may stand in a file. */
export function variablesOf(settings: Settings): string[] {
  return Object.entries(settings).flatMap(([key, { secret }]) => {
    const variable = variableOf(key);
    return secret ? [variable, `${variable}_FILE`] : [variable];
  });
}

function words(key: string): string[] {
  return key.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`).split(" ");
}
