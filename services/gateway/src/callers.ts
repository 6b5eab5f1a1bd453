/** Who may call the gateway: holders of an API token where there is a file of them; else whoever is on this machine. */
import { type Authenticator, type Logger, localAuthenticator } from "@pssr/platform";
import type { GatewayConfig } from "./config.js";
import { TokenAuthenticator } from "./tokens/token-authenticator.js";

export interface Callers {
  readonly authenticator: Authenticator;
  close(): Promise<void>;
}

/** Throws INVALID_CONFIGURATION for a file of tokens that cannot be used: there is no way in beside it. */
export async function openCallers(config: GatewayConfig, log: Logger): Promise<Callers> {
  const { tokensFile: file, tokensReload: reloadMs, localPrincipal, localProjects } = config;
  if (file === undefined) {
    const identity = { principal: localPrincipal, projects: localProjects, role: "admin" } as const;
    return { authenticator: localAuthenticator(identity), close: async () => undefined };
  }
  const authenticator = await TokenAuthenticator.open(file, {
    reloadMs,
    loaded: (tokens) => log.info({ file, tokens }, "API tokens were read"),
    failed: (err) => log.error({ file, err }, "the file of API tokens cannot be used; those read before stay valid"),
  });
  return { authenticator, close: () => authenticator.close() };
}
