/** `pssr tokens`: who may call an installation that others can reach. It works on the gateway's file, wherever that runs. */
import { checkId, PssrError } from "@pssr/api";
import type { TokenEntry, TokenRole } from "@pssr/gateway";
import { type Command, Option } from "commander";
import { number } from "../arguments.js";
import { variable } from "../environment.js";
import { Output } from "../terminal/output.js";
import { table } from "../terminal/table.js";

const dayMs = 86_400_000;
/** As the gateway has them, which is loaded only by what needs it. */
const roles = ["viewer", "operator", "admin"] as const satisfies readonly TokenRole[];

interface FileOption {
  file: string;
}

interface CreateOptions extends FileOption {
  principal?: string;
  role: TokenRole;
  projects?: string[];
  allProjects?: boolean;
  days?: number;
}

export function addTokenCommands(program: Command): void {
  const tokens = program.command("tokens").description("say who may call an installation that others can reach");
  const file = () =>
    new Option("--file <file>", "the gateway's file of API tokens (PSSR_TOKENS_FILE)")
      .default(variable("PSSR_TOKENS_FILE"))
      .makeOptionMandatory();

  tokens
    .command("create <id>")
    .description("make a token and show it, once")
    .addOption(file())
    .option("--principal <name>", "who calls with it (default: the id)")
    .addOption(new Option("--role <role>", "what it may do").choices(roles).default("operator"))
    .option("--projects <ids...>", "the projects that it may see")
    .option("--all-projects", "let it see every project")
    .option("--days <n>", "days until it expires (default: never)", number(0.001, 36_500))
    .action(async (id: string, options: CreateOptions, command: Command) => {
      await create(outputOf(command), id, options);
    });

  tokens
    .command("list")
    .description("list the tokens; none can be shown again")
    .addOption(file())
    .action(async (options: FileOption, command: Command) => {
      const { readTokenFile } = await import("@pssr/gateway");
      const { tokens: entries } = await readTokenFile(options.file);
      const rows = entries.map((entry) => [
        entry.id,
        entry.principal,
        entry.role,
        entry.projects.join(" "),
        entry.expiresMs === undefined ? "never" : new Date(entry.expiresMs).toISOString(),
      ]);
      const text = rows.length === 0 ? "no tokens" : table(["token", "principal", "role", "projects", "expires"], rows);
      outputOf(command).list(entries.map(shown), text);
    });

  tokens
    .command("revoke <id>")
    .description("take a token out; a running gateway refuses it a few seconds later")
    .addOption(file())
    .action(async (id: string, options: FileOption, command: Command) => {
      const { changeTokenFile } = await import("@pssr/gateway");
      await changeTokenFile(options.file, (entries) => {
        const left = entries.filter((entry) => entry.id !== id);
        if (left.length === entries.length)
          throw new PssrError("NOT_FOUND", `${options.file} has no token "${id}"; pssr tokens list shows them`);
        return left;
      });
      outputOf(command).result({ id, revoked: true }, `${id}: revoked`);
    });
}

async function create(output: Output, id: string, options: CreateOptions): Promise<void> {
  const { changeTokenFile, digestOfApiToken, newApiToken } = await import("@pssr/gateway");
  checkId(id, "id");
  const { principal = id, role, allProjects, days } = options;
  const projects = allProjects ? ["*"] : (options.projects ?? []);
  if (projects.length === 0)
    throw new PssrError("INVALID_FIELD", "say what the token may see: --projects ID…, or --all-projects", {
      field: "projects",
    });
  const token = newApiToken(id);
  const createdMs = Date.now();
  const expiry = days === undefined ? {} : { expiresMs: Math.round(createdMs + days * dayMs) };
  const entry: TokenEntry = { id, principal, role, projects, sha256: digestOfApiToken(token), createdMs, ...expiry };
  await changeTokenFile(options.file, (entries) => {
    if (entries.some((one) => one.id === id))
      throw new PssrError(
        "ALREADY_EXISTS",
        `${options.file} has a token "${id}" already; revoke it, or choose another id`,
      );
    return [...entries, entry];
  });
  output.result({ ...shown(entry), token }, token);
  output.note(
    "Keep it now: it cannot be shown again. Send it as PSSR_TOKEN, or put it into the file that PSSR_TOKEN_FILE names.",
  );
}

/** An entry without its digest, which is of no use to anybody but the gateway. */
function shown({ sha256: _, ...rest }: TokenEntry) {
  return rest;
}

function outputOf(command: Command): Output {
  return new Output(command.optsWithGlobals<{ json?: boolean }>().json === true);
}
