/** The table of a service's settings, for `--help` and for the documentation: one source for both. */
import { flagOf, type Settings, variableOf } from "./setting.js";

/** Lines of plain text: flag and variable, what is expected, the default, the description. */
export function describeConfig(settings: Settings): string {
  return Object.entries(settings)
    .map(([key, one]) => {
      const names = one.secret ? `${variableOf(key)} or ${variableOf(key)}_FILE` : `${flagOf(key)}, ${variableOf(key)}`;
      const fallback = one.default === undefined ? "not set" : JSON.stringify(one.default);
      return `  ${names}\n      ${one.description}. Expects ${one.kind.description}. Default: ${fallback}.\n`;
    })
    .join("");
}
