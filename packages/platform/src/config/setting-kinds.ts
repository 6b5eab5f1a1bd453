/** The kinds of settings: each reads text and says, in its description, what text it expects. */
import { isIP } from "node:net";
import type { SettingKind } from "./setting.js";

export function text(): SettingKind<string> {
  return read("a text that is not empty", (value) => (value === "" ? undefined : value));
}

export function oneOf<const T extends string>(...values: readonly T[]): SettingKind<T> {
  return read(`one of ${values.join(", ")}`, (value) => values.find((candidate) => candidate === value));
}

/** A whole number from `min` to `max`, both allowed. */
export function integer(range: { min: number; max: number }): SettingKind<number> {
  return read(`a whole number from ${range.min} to ${range.max}`, (value) =>
    /^-?\d+$/.test(value) ? within(Number(value), range) : undefined,
  );
}

/** A time as `250ms`, `30s`, `5m`, `2h` or `1d`; the value is in milliseconds. */
export function duration(range: { minMs?: number; maxMs?: number } = {}): SettingKind<number> {
  const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1e3, m: 60e3, h: 3600e3, d: 86_400e3 };
  const { minMs = 0, maxMs = 365 * 86_400e3 } = range;
  const bounds = range.minMs === undefined && range.maxMs === undefined ? "" : `, from ${minMs} to ${maxMs} ms`;
  return read(`a time such as 250ms, 30s, 5m, 2h or 1d${bounds}`, (value) => {
    const match = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(value);
    return match === null
      ? undefined
      : within(Number(match[1]) * (unitMs[match[2]!] ?? Number.NaN), { min: minMs, max: maxMs });
  });
}

/** An amount as `4096`, `256KiB`, `3MiB` or `2GiB`; the value is in bytes. */
export function bytes(range: { min: number; max: number }): SettingKind<number> {
  const factors: Readonly<Record<string, number>> = {
    "": 1,
    B: 1,
    KiB: 2 ** 10,
    MiB: 2 ** 20,
    GiB: 2 ** 30,
    TiB: 2 ** 40,
  };
  return read(`an amount such as 4096, 256KiB, 3MiB or 2GiB, from ${range.min} to ${range.max} bytes`, (value) => {
    const match = /^(\d+)(B|KiB|MiB|GiB|TiB|)$/.exec(value);
    return match === null ? undefined : within(Number(match[1]) * (factors[match[2]!] ?? Number.NaN), range);
  });
}

/** `host:port`; an IPv6 host stands in brackets. Port 0 lets the system choose one. */
export function address(): SettingKind<string> {
  return read("an address as host:port, such as 127.0.0.1:7777 or [::1]:0", (value) => {
    const match = /^(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9.-]+):(\d{1,5})$/.exec(value);
    return match !== null && Number(match[2]) <= 65_535 ? value : undefined;
  });
}

/**
 * Where to call a service: `host:port`, `dns:///host:port` to spread calls over all addresses of a name, or several IP
 * addresses to spread them over; the value is what a channel takes.
 */
export function target(): SettingKind<string> {
  const plain = address();
  const version = (one: string) => isIP(one.replace(/:\d+$/, "").replace(/^\[(.*)\]$/, "$1"));
  return read("host:port, dns:///host:port, or several as 10.0.0.1:7701,10.0.0.2:7701", (value) => {
    const [scheme, rest] = /^(dns:\/\/\/|ipv[46]:)?(.*)$/.exec(value)!.slice(1);
    const items = rest!.split(",");
    if (items.some((item) => plain.read(item) === undefined)) return undefined;
    if (items.length === 1 && scheme !== "ipv4:" && scheme !== "ipv6:") return value;
    const versions = new Set(items.map(version));
    const [only] = versions;
    if (versions.size > 1 || (only !== 4 && only !== 6)) return undefined;
    return scheme === undefined || scheme === `ipv${only}:` ? `ipv${only}:${rest}` : undefined;
  });
}

/** Values separated by commas; an empty text is an empty list. */
export function listOf<T>(kind: SettingKind<T>): SettingKind<readonly T[]> {
  const expected = `a list separated by commas, each ${kind.description}`;
  return read(expected, (value) => {
    const items = value === "" ? [] : value.split(",").map((item) => kind.read(item.trim()));
    return items.every((item) => item !== undefined) ? items : undefined;
  });
}

function within(value: number, range: { min: number; max: number }): number | undefined {
  return value >= range.min && value <= range.max ? value : undefined;
}

function read<T>(expected: string, parse: (value: string) => T | undefined): SettingKind<T> {
  return { description: expected, read: parse };
}
