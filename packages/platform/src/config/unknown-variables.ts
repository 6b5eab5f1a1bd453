/**
 * Finds misspelt settings in the environment: nothing reads them, so nothing else would tell. All processes of an installation
 * may be given the same variables, so only what no part of the product reads is unknown.
 */
import type { Logger } from "../log/logger.js";
import { otherNames, settingNames } from "./setting-names.js";

export interface UnknownVariable {
  name: string;
  /** The setting that may be meant. */
  nearest: string | undefined;
}

const known = new Set([...settingNames, ...otherNames]);

/** What Kubernetes and Docker tell of a service whose name begins with "pssr", and what belongs to tests. */
const others = /^PSSR_TEST_|_SERVICE_HOST$|_SERVICE_PORT(_\w+)?$|_PORT(_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)?$/;

export function unknownVariables(env: Readonly<Record<string, string | undefined>>): UnknownVariable[] {
  return Object.keys(env)
    .filter((name) => name.startsWith("PSSR_") && !known.has(name) && !others.test(name))
    .sort()
    .map((name) => ({ name, nearest: nearestTo(name) }));
}

/** A warning for each: a process starts all the same, as it may be an older release that is given a newer one's settings. */
export function warnOfUnknownVariables(env: Readonly<Record<string, string | undefined>>, log: Logger): void {
  for (const { name, nearest } of unknownVariables(env)) {
    const meant = nearest === undefined ? "" : `; is ${nearest} meant?`;
    log.warn({ variable: name, ...(nearest === undefined ? {} : { nearest }) }, `${name} is no setting${meant}`);
  }
}

/** The setting with the fewest letters to change, if most of the name stays. */
function nearestTo(name: string): string | undefined {
  const most = (name.length - "PSSR_".length) / 2;
  const [best] = settingNames
    .map((setting) => ({ setting, changes: changesBetween(name, setting) }))
    .filter(({ changes }) => changes <= most)
    .sort((a, b) => a.changes - b.changes);
  return best?.setting;
}

/** Letters to insert, remove or replace (Levenshtein, 1966). */
function changesBetween(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, i) => i);
  for (let i = 1; i <= from.length; i++) {
    const next = [i];
    for (let j = 1; j <= to.length; j++) {
      const replaced = row[j - 1]! + (from[i - 1] === to[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[to.length]!;
}
