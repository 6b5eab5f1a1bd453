/** What a person does about an id that is taken: a service answers programs, which can repeat a request with its request_id. */
import { isPssrError, PssrError } from "@pssr/api";

/** What the end of such an answer is, in all services. */
const forPrograms = /; choose another id(?:, or repeat .* exactly, with its request_id)?$/;
/** Ids that stand on the command line without a name of an option. */
const withoutOption = ["dataset_id", "crappifier_id"];

export function withIdAdvice(error: unknown): unknown {
  if (!isPssrError(error, "ALREADY_EXISTS") || !forPrograms.test(error.message)) return error;
  const { message, field, metadata } = error;
  const option = field !== undefined && withoutOption.includes(field) ? "" : " with --id";
  const advice = `; choose another id${option}: none is given twice, not even when what had it is deleted`;
  return new PssrError("ALREADY_EXISTS", message.replace(forPrograms, advice), {
    ...(field === undefined ? {} : { field }),
    metadata,
    cause: error,
  });
}
