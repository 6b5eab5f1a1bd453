/** `delete`: the same for all that is kept under an id. */
import type { Command } from "commander";
import { type Context, withContext } from "../context.js";

export interface DeleteCommand {
  /** Part of the full name, such as `datasets`. */
  collection: string;
  description: string;
  /** Deletes what is called so; fails with what the service answers. */
  remove(context: Context, name: string): Promise<unknown>;
}

export function addDelete(of: Command, signal: AbortSignal, { collection, description, remove }: DeleteCommand): void {
  of.command("delete <id>")
    .description(description)
    .action(
      withContext(signal, async (context, id: string) => {
        const name = context.name(collection, id);
        await remove(context, name);
        context.output.result({ name }, `${name} is deleted`);
      }),
    );
}
