/** Whether a crappifier is small enough to be kept in a record: the limits on steps and parameters alone allow far larger ones. */
import { Crappifier as CrappifierMessage, PssrError } from "@pssr/api";
import { type Crappifier, toCrappifierMessage } from "@pssr/crappifiers";

/** Throws INVALID_FIELD, naming `field`, where its message has more than so many bytes. */
export function checkKeepable(crappifier: Crappifier, maximumBytes: number, field: string): void {
  const bytes = CrappifierMessage.encode(toCrappifierMessage(crappifier)).finish().length;
  if (bytes <= maximumBytes) return;
  throw new PssrError(
    "INVALID_FIELD",
    `${field}: its steps take ${bytes} bytes; at most ${maximumBytes} can be kept: use fewer steps, or fewer parameters of external ones`,
    { field, metadata: { maximum_bytes: String(maximumBytes) } },
  );
}
