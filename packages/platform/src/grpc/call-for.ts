/** What a service asks of another one for somebody is asked in that one's name: the other service decides what they may see. */
import { Metadata } from "nice-grpc-common";
import type { Abortable } from "../abortable.js";
import type { Identity } from "../identity/identity.js";
import type { Keyring } from "../identity/keyring.js";

export interface CallFor extends Abortable {
  /** On whose behalf. */
  identity: Identity;
}

export async function callOptions({ identity, signal }: CallFor, keyring: Keyring) {
  const metadata = Metadata({ authorization: `Bearer ${await keyring.issue(identity)}` });
  return signal === undefined ? { metadata } : { metadata, signal };
}
