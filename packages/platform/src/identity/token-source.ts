/** Gives a token of one identity for each outgoing call, minting a new one before the old one grows stale. */
import type { Identity } from "./identity.js";
import type { Keyring } from "./keyring.js";

export type TokenSource = () => Promise<string>;

export function tokenSource(keyring: Keyring, identity: Identity, lifetimeMs = 5 * 60_000): TokenSource {
  let token: Promise<string> | undefined;
  let staleAt = 0;
  return () => {
    const now = performance.now();
    if (token === undefined || now >= staleAt) {
      staleAt = now + lifetimeMs / 2;
      const minted = keyring.issue(identity, { lifetimeMs });
      // A failed minting is reported to its caller and forgotten, so that the next call tries again.
      minted.catch(() => {
        if (token === minted) token = undefined;
      });
      token = minted;
    }
    return token;
  };
}
