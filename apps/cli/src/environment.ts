/** What the command reads from the environment; a variable that is empty counts as not set. */
import { readFileSync } from "node:fs";
import { isPssrError, PssrError } from "@pssr/api";

const variables = {
  PSSR_ADDRESS: "as --address: where the installation listens",
  PSSR_PROJECT: "as --project: the project to work in",
  PSSR_CA_FILE: "as --ca: certificate authority to trust, for an encrypted connection",
  PSSR_TOKEN: "API token, where the installation asks for one",
  PSSR_TOKEN_FILE: "file that holds the API token, instead",
  PSSR_TOKENS_FILE: "as --file of `pssr tokens`: the gateway's file of API tokens",
} as const;

export function variable(name: keyof typeof variables): string | undefined {
  return process.env[name] || undefined;
}

/** Part of `pssr --help`. */
export function environmentHelp(): string {
  const rows = Object.entries(variables).map(([name, about]) => `  ${name.padEnd(18)}${about}\n`);
  return `\nEnvironment:\n${rows.join("")}  PSSR_…            settings of \`pssr up\` and \`pssr service\`: their --settings lists them`;
}

/** The API token of this user, which never stands on a command line. */
export function apiToken(): string | undefined {
  const [token, file] = [variable("PSSR_TOKEN"), variable("PSSR_TOKEN_FILE")];
  if (token !== undefined && file !== undefined)
    throw new PssrError("INVALID_CONFIGURATION", "PSSR_TOKEN and PSSR_TOKEN_FILE are both set; set only one of them");
  if (file === undefined) return token;
  const held = readFileSync(file, "utf8").trim();
  if (held === "")
    throw new PssrError("INVALID_CONFIGURATION", `PSSR_TOKEN_FILE: ${file} is empty; expected an API token`);
  return held;
}

/** An installation knows how a token is sent, but not how this command is given one. */
export function withTokenAdvice(error: unknown): unknown {
  if (!isPssrError(error, "UNAUTHENTICATED")) return error;
  const { message, field, metadata } = error;
  const file = variable("PSSR_TOKEN_FILE");
  const advice =
    file !== undefined
      ? `${message} It came from ${file}, which PSSR_TOKEN_FILE names.`
      : variable("PSSR_TOKEN") !== undefined
        ? `${message} It came from PSSR_TOKEN.`
        : "The installation asks for an API token: set PSSR_TOKEN, or PSSR_TOKEN_FILE to the file that holds it. Whoever runs the installation makes one with `pssr tokens create`.";
  return new PssrError("UNAUTHENTICATED", advice, {
    ...(field === undefined ? {} : { field }),
    metadata,
    cause: error,
  });
}
