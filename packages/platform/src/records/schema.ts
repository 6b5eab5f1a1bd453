/**
 * Schemas of stored and received JSON. zod is loaded with the first value that is checked: its hundred files are a tenth
 * of what a service loads at its start, and worker threads that check nothing would load them too.
 *
 *     const tokenSchema = schema((z) => z.object({ key: z.string() }));
 *     const { key } = tokenSchema().parse(JSON.parse(text));
 */
import { createRequire } from "node:module";
import type { z } from "zod";

const require = createRequire(import.meta.url);

/** The library itself, for what is not a schema. */
export function zod(): typeof z {
  return (require("zod") as { z: typeof z }).z;
}

/** Makes the schema when it is first asked for. */
export function schema<T extends z.ZodType>(make: (library: typeof z) => T): () => T {
  let made: T | undefined;
  return () => {
    made ??= make(zod());
    return made;
  };
}
