/** Errors whose fields are named from the fit on, as a request names them: `ranges[0].path` becomes `fit.ranges[0].path`. */
import { isPssrError, PssrError } from "@pssr/api";

export function fitError(error: unknown): unknown {
  if (!isPssrError(error) || error.field === undefined || error.field.startsWith("fit.")) return error;
  const { reason, message, metadata, field } = error;
  const told = message.startsWith(`${field}:`) ? `fit.${message}` : message;
  return new PssrError(reason, told, { field: `fit.${field}`, metadata, cause: error });
}
