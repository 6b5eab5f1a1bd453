/** `pssr operations`: follow or stop long work. */
import {
  isPssrError,
  type Operation,
  OperationMetadata,
  OperationMetadata_State,
  operationName,
  type PssrError,
} from "@pssr/api";
import { cancel, errorIn } from "@pssr/client";
import { type Command, Option } from "commander";
import { allPages, type Context, withContext } from "../context.js";
import { describe } from "../terminal/progress.js";
import { progressOf } from "../terminal/shown-operation.js";
import { table } from "../terminal/table.js";
import { rangesOf, shortNames } from "./fit-ranges.js";
import { nextSteps } from "./next-step.js";

/** Which states an operation goes through, and which of them end it. */
const openStates = ["pending", "running"];
const endStates = ["succeeded", "failed", "cancelled"];
/** What operations make, as their ids begin: `training-run-1`. */
const kinds = ["image", "crappification", "training", "prediction", "evaluation", "fit"];

interface ListOptions {
  state?: string[];
  kind?: string[];
}

const raw = { decode: (bytes: Uint8Array) => bytes };

async function watch(context: Context, name: string): Promise<void> {
  const label = operationName.parse(name).operation;
  const operation = await context.client.operations.getOperation({ name }, { signal: context.signal });
  const names = operation.done ? undefined : await numberNames(context, operation);
  const response = await context.finish(operation, raw, label, { names });
  const next = nextSteps(kindOf(operation), response);
  const text = next.length === 0 ? `${label}: succeeded` : `${label}: succeeded; next: ${next.join(", ")}`;
  context.output.result({ operation: name, state: "succeeded" }, text);
}

/** What a fit's numbers are called; undefined of other work, and of a fit that was deleted. */
async function numberNames(context: Context, operation: Operation): Promise<string[] | undefined> {
  if (kindOf(operation) !== "fit") return undefined;
  try {
    return shortNames(await rangesOf(context, operation));
  } catch (error) {
    if (isPssrError(error, "NOT_FOUND")) return undefined;
    throw error;
  }
}

/** As ids of operations begin. */
function kindOf({ name }: Pick<Operation, "name">): string {
  return operationName.parse(name).operation.split("-", 1)[0]!;
}

/** An operation as a list shows it. */
interface Listed {
  name: string;
  state: string;
  metadata: OperationMetadata;
  error: PssrError | undefined;
}

/** Those of these states and kinds, the newest first. The server is asked for no more than it need tell. */
async function* listed(context: Context, { state, kind }: ListOptions): AsyncGenerator<Listed> {
  const { client, parent, signal } = context;
  const filter = doneFilter(state);
  for await (const { operations } of allPages((pageToken) =>
    client.operations.listOperations({ name: parent, filter, pageSize: 1000, pageToken }, { signal }),
  ))
    for (const operation of operations) {
      const { name } = operation;
      const metadata = OperationMetadata.decode(operation.metadata?.value ?? new Uint8Array());
      const itsState = OperationMetadata_State[metadata.state]?.replace("STATE_", "").toLowerCase() ?? "?";
      const itsKind = kindOf(operation);
      if ((state?.includes(itsState) ?? true) && (kind?.includes(itsKind) ?? true))
        yield { name, state: itsState, metadata, error: errorIn(operation) };
    }
}

/** The server tells apart what has ended and what has not. */
function doneFilter(states: string[] | undefined): string {
  if (states?.every((state) => openStates.includes(state))) return "done = false";
  if (states?.every((state) => endStates.includes(state))) return "done = true";
  return "";
}

/** Why it failed, or how far it is; nothing of what has ended well, whose last words were of work that was still to be done. */
export function howFar({ state, metadata, error }: Pick<Listed, "state" | "metadata" | "error">): string {
  if (error !== undefined) return error.message;
  const progress = endStates.includes(state) ? undefined : progressOf(metadata);
  return progress === undefined ? "" : describe(progress);
}

/** An operation as a script gets it. */
function forScripts({ name, state, metadata, error }: Listed) {
  const why = error && { reason: error.reason, message: error.message };
  return { name, done: endStates.includes(state), ...metadata, state, error: why };
}

export function addOperationCommands(program: Command, signal: AbortSignal): void {
  const operations = program.command("operations").description("follow or stop long work");

  operations
    .command("list")
    .description("list the project's operations, the newest first")
    .addOption(new Option("--state <states...>", "only of these states").choices([...openStates, ...endStates]))
    .addOption(new Option("--kind <kinds...>", "only what makes such a thing").choices(kinds))
    .action(
      withContext(signal, async (context, options: ListOptions) => {
        const all: Listed[] = [];
        for await (const one of listed(context, options)) all.push(one);
        const rows = all.map((one) => [
          operationName.parse(one.name).operation,
          one.state,
          `${one.metadata.attempt}`,
          howFar(one),
        ]);
        context.output.list(
          all.map(forScripts),
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
