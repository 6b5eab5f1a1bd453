/** Who calls: a principal, the projects it may see, and what it may do there. */

/** Each role includes those before it. `service` is one of our own services acting for a project; no person has it. */
export const roles = ["viewer", "operator", "admin", "service"] as const;
export type Role = (typeof roles)[number];

/** In an identity's list of projects: every project. */
export const everyProject = "*";

export interface Identity {
  /** Who: a user, a token's name, or a service. */
  readonly principal: string;
  /** Ids of the projects it may see, or `everyProject`. */
  readonly projects: readonly string[];
  readonly role: Role;
}

export function hasRole(identity: Identity, least: Role): boolean {
  return roles.indexOf(identity.role) >= roles.indexOf(least);
}

/** Whether a resource name (`projects/{project}/…`) lies in a project of this identity. */
export function maySee(identity: Identity, resourceName: string): boolean {
  if (identity.projects.includes(everyProject)) return true;
  const project = /^projects\/([^/]+)(?:\/|$)/.exec(resourceName)?.[1];
  return project !== undefined && identity.projects.includes(project);
}
