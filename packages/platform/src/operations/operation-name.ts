/** How an operation is called: its resource name, its key in the state store, its place in the object store. */
import { PssrError } from "@pssr/api";

const kindPattern = /^[a-z][a-z0-9]{0,19}$/;
const idPattern = /^[a-z0-9]([a-z0-9._-]{0,61}[a-z0-9])?$/;

export const operationsPrefix = "operations/";

export function checkKind(kind: string): void {
  if (!kindPattern.test(kind)) {
    throw new PssrError(
      "INVALID_FIELD",
      `${JSON.stringify(kind)} is not a kind of operation: use a-z and 0-9, at most 20`,
    );
  }
}

/** Ids of projects and resources: a-z 0-9 . _ - with a letter or digit at both ends, 1 to 63 characters. */
export function checkId(id: string, field: string): void {
  if (idPattern.test(id)) return;
  const shown = JSON.stringify(id.slice(0, 80));
  throw new PssrError(
    "INVALID_FIELD",
    `${shown} is not an id: use a-z 0-9 . _ - with a letter or digit at both ends, 1 to 63 characters`,
    { field },
  );
}

/** `projects/{project}/operations/{id}` */
export function operationName(project: string, id: string): string {
  return `projects/${project}/operations/${id}`;
}

/** The state key of an operation, which is also the subject of its events and, with a slash, the beginning of its objects' keys. */
export function operationKey(project: string, id: string): string {
  return `${operationsPrefix}${project}/${id}`;
}

/** The key of the operation with this resource name; INVALID_FIELD where it is none. */
export function keyOfName(name: string): string {
  const [projects, project = "", operations, id = "", ...rest] = name.split("/");
  const sound =
    projects === "projects" &&
    operations === "operations" &&
    rest.length === 0 &&
    idPattern.test(project) &&
    /^[a-z][a-z0-9]*-/.test(id) &&
    idPattern.test(id.slice(id.indexOf("-") + 1));
  if (sound) return operationKey(project, id);
  throw new PssrError(
    "INVALID_FIELD",
    `${JSON.stringify(name.slice(0, 200))} is not the name of an operation: expected projects/{project}/operations/{operation}`,
    { field: "name" },
  );
}
