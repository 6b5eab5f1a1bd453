/** What a person is told of work that goes on without the command that follows it. */
import { isPeerGone, isPssrError, type Operation, operationName, PssrError } from "@pssr/api";

type Named = Pick<Operation, "name">;

/** Before a command begins to follow. */
export function canBeLeft(operation: Named): string {
  const id = idOf(operation);
  return `${operation.name} (Ctrl-C leaves it running: \`pssr operations watch ${id}\` follows it again, \`pssr operations cancel ${id}\` stops it)`;
}

/** The error of an installation that went away: the work has not gone with it. */
export function lostSightOf(operation: Named, error: unknown): unknown {
  if (!isPssrError(error) || !isPeerGone(error)) return error;
  const id = idOf(operation);
  const kept = `what ${id} has done is kept, and it goes on when PSSR runs again; \`pssr operations watch ${id}\` follows it then`;
  return new PssrError(error.reason, `${error.message}; ${kept}`, { metadata: error.metadata, cause: error });
}

function idOf({ name }: Named): string {
  return operationName.parse(name).operation;
}
