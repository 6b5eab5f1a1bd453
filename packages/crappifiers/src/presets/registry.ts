/** All presets, by the name that a request calls them. */
import { PssrError } from "@pssr/api";
import { electronMicroscopy } from "./electron-microscopy.js";
import { lightMicroscopy } from "./light-microscopy.js";
import type { Preset } from "./preset.js";
import { published } from "./published.js";

export const presets: Readonly<Record<string, Preset>> = { ...published, ...electronMicroscopy, ...lightMicroscopy };

/** Throws INVALID_FIELD naming `field`, with all names that there are. */
export function presetNamed(name: string, field: string): Preset {
  if (Object.hasOwn(presets, name)) return presets[name]!;
  const known = Object.keys(presets).sort().join(", ");
  throw new PssrError("INVALID_FIELD", `${field}: there is no preset "${name.slice(0, 80)}"; there are ${known}`, {
    field,
  });
}
