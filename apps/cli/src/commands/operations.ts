/** `pssr operations`: follow or stop long work. */
import { OperationMetadata, OperationMetadata_State, operationName } from "@pssr/api";
import { cancel, errorIn, finish } from "@pssr/client";
import type { Command } from "commander";
import { allPages, type Context, withContext } from "../context.js";
import { describe } from "../terminal/progress.js";
import { table } from "../terminal/table.js";

const stateName = (state: OperationMetadata_State) =>
  OperationMetadata_State[state]?.replace("STATE_", "").toLowerCase() ?? "?";
const raw = { decode: (bytes: Uint8Array) => bytes };

async function watch(context: Context, name: string): Promise<void> {
  const label = operationName.parse(name).operation;
  const operation = await context.client.operations.getOperation({ name }, { signal: context.signal });
  await finish(context.client, operation, raw, {
    signal: context.signal,
    onState: ({ metadata }) => metadata.progress && context.output.progress.show(label, metadata.progress),
  });
  context.output.result({ operation: name, state: "succeeded" }, `${label}: succeeded`);
}

export function addOperationCommands(program: Command, signal: AbortSignal): void {
  const operations = program.command("operations").description("follow or stop long work");

  operations
    .command("list")
    .description("list the project's operations")
    .action(
      withContext(signal, async ({ client, parent, output }) => {
        const rows: string[][] = [];
        const all = [];
        for await (const page of allPages((pageToken) =>
          client.operations.listOperations({ name: parent, pageSize: 1000, pageToken }, { signal }),
        ))
          for (const operation of page.operations) {
            const metadata = OperationMetadata.decode(operation.metadata?.value ?? new Uint8Array());
            const state = stateName(metadata.state);
            const { reason, message } = errorIn(operation) ?? {};
            const error = reason && { reason, message };
            all.push({ name: operation.name, done: operation.done, ...metadata, state, error });
            rows.push([
              operationName.parse(operation.name).operation,
              state,
              `${metadata.attempt}`,
              message ?? (metadata.progress === undefined ? "" : describe(metadata.progress)),
            ]);
          }
        output.list(
          all,
          rows.length === 0
            ? "no operations"
            : table(["operation", "state", "attempt", "progress, or why it failed"], rows),
        );
      }),
    );

  operations
    .command("watch <operation>")
    .description("follow an operation to its end")
    .action(withContext(signal, (context, name: string) => watch(context, context.name("operations", name))));

  operations
    .command("cancel <operation>")
    .description("stop an operation")
    .action(
      withContext(signal, async (context, given: string) => {
        const name = context.name("operations", given);
        const { done } = await context.client.operations.getOperation({ name }, { signal });
        if (!done) await cancel(context.client, name, { signal });
        const said = done ? "it has ended already" : "asked to stop";
        context.output.result({ operation: name, cancelRequested: !done }, `${name}: ${said}`);
      }),
    );
}
