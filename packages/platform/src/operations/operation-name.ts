/** How an operation is called: its kind, its key in the state store, its place in the object store. */
import { maximumKindLength, operationName, PssrError } from "@pssr/api";

const kindPattern = /^[a-z][a-z0-9]*$/;

export const operationsPrefix = "operations/";

export function checkKind(kind: string): void {
  if (kind.length > maximumKindLength || !kindPattern.test(kind)) {
    throw new PssrError(
      "INVALID_FIELD",
      `${JSON.stringify(kind)} is not a kind of operation: use a-z and 0-9, at most ${maximumKindLength}`,
    );
  }
}

/** The state key of an operation, which is also the subject of its events and, with a slash, the beginning of its objects' keys. */
export function operationKey(project: string, id: string): string {
  return `${operationsPrefix}${project}/${id}`;
}

/** The key of the operation with this resource name; INVALID_FIELD where it is none. */
export function keyOfName(name: string): string {
  const { project, operation } = operationName.parse(name);
  return operationKey(project, operation);
}
