/**
 * Keys as subjects. `operations/em/training-x.1` becomes `operations.em.training-x=1`: a key's segments are a subject's
 * tokens, so that whoever looks from outside can subscribe to a part (`pssr.events.operations.em.>`), and the dot, which
 * separates tokens, stands as "=", which no key of ours has.
 */
export function toTokens(key: string): string {
  return key.replaceAll(".", "=").replaceAll("/", ".");
}

export function fromTokens(tokens: string): string {
  return tokens.replaceAll(".", "/").replaceAll("=", ".");
}

/** The subjects of all keys with a prefix ("" or ending in "/"), below `root`. */
export function subjectsUnder(root: string, prefix: string): string {
  return `${root}.${toTokens(prefix)}>`;
}
