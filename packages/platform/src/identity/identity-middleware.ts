/**
 * The one place where a service decides whether a call may happen: it finds out who calls, compares roles, and lets no
 * request pass that names a resource outside the caller's projects. Handlers read the result as `context.identity`.
 */
import { PssrError } from "@pssr/api";
import type { CallContext, ServerMiddlewareCall } from "nice-grpc-common";
import type { AccessRule, AccessRules } from "./access-rules.js";
import type { Authenticator } from "./authenticator.js";
import { hasRole, type Identity, maySee } from "./identity.js";

/** What handlers find in their call context beside nice-grpc's own. */
export interface CallExtension {
  readonly identity: Identity;
}

export function identityMiddleware(authenticator: Authenticator, rules: AccessRules) {
  return async function* <Request, Response>(
    call: ServerMiddlewareCall<Request, Response, CallExtension>,
    context: CallContext,
  ) {
    const authorization = context.metadata.get("authorization");
    const identity = await authenticator.authenticate({ authorization, peer: context.peer });
    const rule = rules.of(call.method.path);
    if (!hasRole(identity, rule.role)) {
      throw new PssrError(
        "PERMISSION_DENIED",
        `${call.method.path} needs the role ${rule.role}; ${identity.principal} has ${identity.role}.`,
        { metadata: { required_role: rule.role } },
      );
    }
    const inner = Object.assign(context, { identity });
    if (call.requestStream) return yield* call.next(authorisedEach(call.request, rule, identity), inner);
    authorise(call.request, rule, identity);
    return yield* call.next(call.request, inner);
  };
}

async function* authorisedEach<Request>(requests: AsyncIterable<Request>, rule: AccessRule, identity: Identity) {
  for await (const request of requests) {
    authorise(request, rule, identity);
    yield request;
  }
}

function authorise(request: unknown, rule: AccessRule, identity: Identity): void {
  for (const name of rule.resourceNames(request)) {
    // The same words whether it exists or not: another project's resources are not to be guessed at.
    if (!maySee(identity, name)) {
      throw new PssrError("NOT_FOUND", `${name} does not exist, or not in a project that you may see.`);
    }
  }
}
