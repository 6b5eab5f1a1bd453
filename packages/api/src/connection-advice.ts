/** What to do about a connection that does not come about, from the words in which OpenSSL and grpc-js tell of it. */

const advice: readonly (readonly [RegExp, (authority: string) => string])[] = [
  [
    /self-signed|unable to (get|verify)|certificate (has expired|is not yet valid)|altnames/,
    (authority) => `its certificate is not trusted here: check ${authority}`,
  ],
  [/wrong version number/, (authority) => `it takes no encrypted connections: leave ${authority} out`],
  [
    /alert certificate required|alert handshake failure/,
    () => "it lets in only who shows a certificate that it trusts: set PSSR_TLS_CERT_FILE and PSSR_TLS_KEY_FILE",
  ],
  [
    /Failed to connect \(/,
    (authority) =>
      `it took the connection and closed it: it may expect an encrypted one (then set ${authority}), or not trust our certificate`,
  ],
];

/** @param authority How the certificate authority is set that this client trusts: "--ca (PSSR_CA_FILE)". */
export function connectionAdvice(details: string, authority: string): string | undefined {
  return advice.find(([pattern]) => pattern.test(details))?.[1](authority);
}
